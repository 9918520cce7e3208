"""What stands beneath a party: asked of the register and found in dossiers, alike; as a command and on a vendor's page."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from assessments.assess import Clocks
from assessments.dossier import open_dossiers
from assessments.radius import Ways, radius_in
from registry import database
from tests.bench.synthetic import Rows, load, synthetic
from tests.support import Register, a_register
from tests.web import browse

SINCE = "2018-05-25"
DAYS = (date(2018, 6, 1), date(2021, 1, 1))


def chained() -> dict[str, list[dict[str, Any]]]:
    """The mailer passes data on to a host, but for one engagement alone; a second vendor passes on to the same host."""
    tables = a_register()
    tables["party"] += [{"key": key, "name": key.title(), "country": "US", "since": SINCE} for key in ("host", "crm", "deep")]
    tables["vendor"].append({"key": "crm", "party": "crm", "category": "crm", "since": SINCE})
    tables["processing_activity"][0] |= {"data_subjects": ["Subscribers"], "data_categories": ["E-mail address"]}
    tables["processing_activity"].append(
        {
            "key": "care",
            "name": "Care",
            "controller": "house",
            "our_role": "controller",
            "since": SINCE,
            "data_subjects": ["Patients"],
            "special_categories": ["health"],
        }
    )
    tables["engagement"] += [
        {"key": "care", "vendor": "crm", "activity": "care", "role": "processor", "since": SINCE},
        {"key": "news-2", "vendor": "mailer", "activity": "news", "role": "processor", "since": SINCE},
    ]
    leg = tables["transfer"][0]
    tables["transfer"] += [
        leg | {"key": "care", "engagement": "care", "importer": "crm"},
        leg | {"key": "news-2", "engagement": "news-2"},
    ]
    hop = {"processor": "mailer", "sub_processor": "host", "country": "US", "since": SINCE}
    tables["sub_processing"] = [
        hop | {"key": "m-h", "engagement": "news"},
        hop | {"key": "c-h", "processor": "crm"},
        hop | {"key": "h-d", "processor": "host", "sub_processor": "deep"},
        hop | {"key": "d-h", "processor": "deep", "sub_processor": "host"},
        hop | {"key": "over", "processor": "crm", "sub_processor": "deep", "until": "2019-01-01"},
    ]
    return tables


def test_all_that_reaches_a_party_is_named_with_whose_data_it_is(register: Register, folder: Path) -> None:
    register.load(chained(), folder)
    found = register.answer("radius", "deep")
    assert {one["transfer"] for one in found["flows"]} == {"news", "care"}  # not news-2: the hop is for another engagement
    assert all(one["passed_on"] for one in found["flows"])
    assert found["concerned"] == {
        "activities": [{"key": "care", "name": "Care"}, {"key": "news", "name": "Newsletter"}],
        "people": ["Patients", "Subscribers"],
        "data": ["E-mail address"],
        "special": ["health"],
        "special_unknown": True,  # news says nothing of it
    }
    (own, other) = register.answer("radius", "mailer")["flows"]
    assert {own["transfer"], other["transfer"]} == {"news", "news-2"}
    assert register.answer("radius", "deep", "--as-of", "2018-01-01")["flows"] == []
    assert "is called 'nobody'" in register.onward("radius", "nobody", exit_code=2)


def test_a_vendors_page_says_what_stands_beneath_it(register: Register, folder: Path) -> None:
    tables = chained()
    tables["vendor"].append({"key": "host", "party": "host", "category": "other", "since": SINCE})
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        page = (await (await as_role("auditor")).get("/vendors/host")).text
        shown = page[page.index('id="beneath"') : page.index("<h2>People</h2>")]
        for words in ("2 flows of data reach it", "Patients, Subscribers", "Health", "/transfers/care", "/activities/news"):
            assert words in shown, words

    browse(register, work)


@pytest.mark.parametrize(
    ("news", "care", "said"),
    [
        ([], [], "none"),
        ([], None, "not recorded"),
        (None, None, "not recorded"),
        ([], ["health"], "Health"),
        (None, ["health", "genetic"], "Genetic, Health; of some activities not recorded"),
    ],
)
def test_no_special_categories_are_told_apart_from_not_recorded(
    register: Register, folder: Path, news: list[str] | None, care: list[str] | None, said: str
) -> None:
    """By the command and on the vendor's page, and in what-if of all that falls."""
    tables = chained()
    tables["vendor"].append({"key": "host", "party": "host", "category": "other", "since": SINCE})
    for row, special in zip(tables["processing_activity"], (news, care), strict=True):
        row["special_categories"] = special
    tables["certification"].append(tables["certification"][0] | {"key": "crm", "party": "crm"})
    tables["sub_processing"] = [one for one in tables["sub_processing"] if one["key"] in {"m-h", "c-h"}]
    tables["certification"].append(tables["certification"][0] | {"key": "host", "party": "host"})
    register.load(tables, folder)
    unknown = None in (news, care)
    assert register.answer("radius", "host")["concerned"]["special_unknown"] is unknown
    assert f"Special categories: {said.lower()}\n" in register.onward("radius", "host")
    annulled = ("what-if", "--annul", "eu-us-privacy-shield", "--as-of", "2019-06-01")
    found = register.answer(*annulled)
    assert {one["transfer"]: one["special_unknown"] for one in found["flows"] if one["fate"] == "falls"} == {
        "care": care is None, "news": news is None, "news-2": news is None,
    }  # fmt: skip
    assert f"Special categories: {said.lower()}\n" in register.onward(*annulled)

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        for address in ("/vendors/host", "/what-if?annul=eu-us-privacy-shield&on=2019-06-01"):
            page = (await auditor.get(address)).text
            assert f"<dt>Special categories</dt><dd>{said}</dd></dl>" in page, address

    browse(register, work)


@pytest.mark.parametrize("limited", [False, True])
def test_the_register_and_the_dossiers_know_the_same_ways_up(
    register: Register, chance: random.Random, *, limited: bool
) -> None:
    rows = synthetic(60, chance)
    _tangled(rows, chance, limited=limited)

    async def both() -> None:
        connection = await asyncpg.connect(register.url)
        await load(connection, rows)
        await connection.close()
        async with database.as_known(None) as at:
            ways = Ways(await open_dossiers())
            for day in DAYS:
                clocks = Clocks(day, None, day, day.isoformat())
                for thing, key in await at.fetch("select distinct thing, key from party"):
                    asked = await radius_in(at, key, clocks)
                    assert {one.transfer for one in asked.flows} == {one.key for one in ways.flows([thing], day)}, key

    register.do(both)


def _tangled(rows: Rows, chance: random.Random, *, limited: bool) -> None:
    """More hops between parties that are there: cycles, ends, and some for one engagement alone."""
    parties = [row["id"] for row in rows.tables["party"][1:]]
    engagements = [row["id"] for row in rows.tables["engagement"]]
    for _ in range(30):
        above, below = chance.sample(parties, 2)
        rows.add(
            "sub_processing",
            processor=above,
            sub_processor=below,
            country="US",
            engagement=chance.choice(engagements) if limited else None,
            until=chance.choice([None, None, date(2020, 1, 1)]),
        )
