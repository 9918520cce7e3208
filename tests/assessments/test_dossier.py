"""Dossiers are opened in the same few queries however many they are, and hold what the register holds."""

import asyncio
import itertools
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assessments import dossier, impacts
from assessments.rules import Dossier
from registry import law
from registry.database import as_known
from registry.questions import CIRCUMSTANCES
from tests.support import Register, a_register


def opened(register: Register, keys: list[str] | None = None) -> list[Dossier]:
    async def look() -> list[Dossier]:
        async with as_known(None):
            return await dossier.open_dossiers(keys)

    return register.do(look)


def without_the_rest(one: Dossier) -> Any:
    """A dossier opened alone knows the hops beneath it, one opened with all others knows those of all."""
    reached, waiting = set(), [one.route.importer, one.route.exporter]
    while waiting:
        party = waiting.pop()
        if party not in reached:
            reached.add(party)
            waiting += [route.importer for route in one.hops.get(party, ())]
    hops = {party: routes for party, routes in one.hops.items() if party in reached}
    return msgspec.to_builtins(msgspec.structs.replace(one, hops=hops))


def test_one_is_the_same_as_the_same_among_all(demo: Register) -> None:
    everything = {(one.key, one.route.since): without_the_rest(one) for one in opened(demo)}
    for key in {key for key, _ in everything}:
        for one in opened(demo, [key]):
            assert without_the_rest(one) == everything[key, one.route.since]


def test_the_number_of_queries_does_not_depend_on_how_many(demo: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = dossier.fetch

    async def counted(query: str, *arguments: Any) -> Any:
        asked.append(query)
        return await real(query, *arguments)

    monkeypatch.setattr(dossier, "fetch", counted)
    counts = []
    for keys in (["mailchimp"], ["mailchimp", "salesforce", "jivochat"]):
        asked.clear()
        opened(demo, keys)
        counts.append(len(asked))
    assert len(set(counts)) == 1
    asked.clear()
    opened(demo)
    assert len(asked) <= counts[0]


def test_a_transfer_nobody_recorded_has_no_dossier(demo: Register) -> None:
    assert opened(demo, ["nothing"]) == []


def test_drafted_clauses_and_voided_rows_are_not_in_it(register: Register, folder: Path) -> None:
    clauses = {
        "key": "drafted", "since": "2022-01-01", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021",
        "module": "M2", "rank": "primary", "state": "drafted",
    }  # fmt: skip
    register.load(a_register(safeguard=[clauses]), folder)
    register.load({"certification": [{"key": "shield", "entry": {"kind": "voided", "why": "a mistake"}}]}, folder)
    (one,) = opened(register)
    assert (one.route.between.clauses, one.route.between.listings) == ((), ())


def test_our_own_role_is_the_one_of_the_day(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    change = {"key": "news", "since": "2025-01-01", "our_role": "processor", "entry": {"kind": "changed"}}
    register.load({"processing_activity": [change]}, folder)
    (one,) = opened(register)
    assert [(part.since.isoformat(), part.exporter_role) for part in one.parts] == [
        ("2018-05-25", "controller"),
        ("2025-01-01", "processor"),
    ]


def test_an_opening_that_is_called_off_leaves_its_connection_in_order(demo: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever of its queries: one that is under way beside it is called off with it."""
    real = dossier.fetch

    async def look() -> int:
        async with as_known(None):
            return len(await dossier.open_dossiers())

    async def work() -> list[int]:
        counts = []
        for last in range(1, len(dossier.queries()) + 1):
            asked = 0
            looking = asyncio.create_task(look())

            async def counted(query: str, *arguments: Any, task: Any = looking, at: int = last) -> Any:
                nonlocal asked
                asked += 1
                if asked == at:
                    task.cancel()
                return await real(query, *arguments)

            monkeypatch.setattr(dossier, "fetch", counted)
            with pytest.raises(asyncio.CancelledError):
                await looking
            monkeypatch.setattr(dossier, "fetch", real)
            counts.append(await look())
        return counts

    assert len(set(demo.do(work))) == 1


def judged(register: Register, transfer: str, day: str) -> Any:
    (found,) = [one for one in register.answer("assess", "--as-of", day) if one["transfer"] == transfer]
    return found


SINCE = {"since": "2018-05-25"}
BELOW = {"exporter": "mailer", "importer": "below"}
HOP = {"processor": "mailer", "sub_processor": "below", "country": "IN", "bound_alike": True} | SINCE
CLAUSES = {"instrument": "eu-scc-2021", "module": "M3", "concluded_on": "2022-01-01", "state": "signed", "rank": "primary"}


def to_japan(hops: list[dict[str, Any]], clauses_for: str | None) -> dict[str, list[dict[str, Any]]]:
    """Two flows to a vendor in Japan, each for an engagement; beneath it a company in India, with clauses and an assessment."""
    tables = a_register(certification=[])
    tables["party"][1] |= {"country": "JP", "appi_operator": True}
    tables["party"].append({"key": "below", "name": "Below", "country": "IN"} | SINCE)
    tables["engagement"].append(tables["engagement"][0] | {"key": "other"})
    tables["transfer"][0] |= {"country": "JP"}
    tables["transfer"].append(tables["transfer"][0] | {"key": "other", "engagement": "other", "how": "stored"})
    signed = BELOW | CLAUSES | SINCE | {"key": "c"} | ({"engagement": clauses_for} if clauses_for else {})
    impact = BELOW | SINCE | {"key": "i", "country": "IN", "outcome": "ok"}
    return tables | {"sub_processing": hops, "safeguard": [signed], "impact_assessment": [impact]}


@pytest.mark.parametrize(
    ("hops", "clauses_for", "permitted"),
    [
        ([HOP | {"key": "h"}], None, (True, True)),
        ([HOP | {"key": "h"}], "news", (False, False)),  # a hop for every engagement, clauses for one of them
        ([HOP | {"key": "h", "engagement": "news"}, HOP | {"key": "g", "engagement": "other"}], "news", (True, False)),
    ],
)
def test_clauses_for_one_engagement_carry_no_hop_of_another(
    register: Register, folder: Path, hops: list[dict[str, Any]], clauses_for: str | None, permitted: tuple[bool, bool]
) -> None:
    register.load(to_japan(hops, clauses_for), folder)
    found = [judged(register, key, "2024-01-01")["path_outcome"] for key in ("news", "other")]
    assert found == ["permitted" if one else "not_permitted" for one in permitted]


FOUND = [  # in an impact assessment, the least grave first, and the verdict by it
    ({"outcome": "ok"}, "permitted"),
    ({"outcome": "problematic", "measures": "effective"}, "permitted"),
    ({"outcome": "problematic"}, "measures_required"),
    ({"outcome": "problematic", "measures": "none"}, "measures_required"),
    ({"outcome": "problematic", "measures": "ineffective"}, "not_permitted"),
]


def test_of_assessments_from_one_day_the_gravest_counts_in_whatever_order_they_were_written(
    register: Register, folder: Path
) -> None:
    """For the verdict, for what is said to have taken another's place, and for what is to be looked at again."""
    pair = {"exporter": "house", "importer": "mailer"}
    signed = pair | CLAUSES | SINCE | {"key": "c", "module": "M2"}
    register.load(a_register(certification=[], safeguard=[signed]), folder)
    day = date(2023, 1, 1)

    async def looked_at(key: str) -> list[str]:
        async with as_known(None) as at:
            return [one.key for one in await impacts.aged(at, law.load(), day) if one.key.startswith(key)]

    for number, pair_found in enumerate(itertools.permutations(FOUND, 2)):
        of_both = pair | {"country": "US", "since": f"2021-01-{1 + number:02}", "next_review": "2022-01-01"}
        keys = [f"{number}-first", f"{number}-second"]
        both = [of_both | found | {"key": key} for key, (found, _) in zip(keys, pair_found, strict=True)]
        register.load({"impact_assessment": both}, folder)
        worst = max(pair_found, key=FOUND.index)[1]
        assert judged(register, "news", "2023-01-01")["outcome"] == worst, pair_found
        rows = register.ask(f"select * from impact_assessment where key like '{number}-%' order by id")
        (counts,) = [row["key"] for row in rows if impacts.state(row, rows, day) != "superseded"]
        assert pair_found[keys.index(counts)][1] == worst, pair_found
        assert register.do(lambda begin=f"{number}-": looked_at(begin)) == [counts], pair_found


@pytest.mark.parametrize(("fact", "answer"), [("consent_explicit", True), ("public_powers", False)])
def test_answers_from_one_day_that_contradict_each_other_help_nobody(
    register: Register, folder: Path, fact: str, answer: bool
) -> None:
    """Nor where silence is the ordinary case, as with public powers; and the same answer twice contradicts nothing."""
    asked = ("consent_explicit", "informed_of_risks", "occasional")
    consent = {"exporter": "house", "importer": "mailer", "instrument": "eu-art-49-1-a", "state": "signed", "rank": "primary"}
    facts = [SINCE | {"key": one, "fact": one, "answer": True, "transfer": "news"} for one in asked]
    register.load(a_register(certification=[], safeguard=[consent | SINCE | {"key": "c"}], circumstance=facts), folder)

    def say(key: str, other: bool, since: str = "2020-01-01") -> Any:
        row = {"key": key, "fact": fact, "answer": other, "transfer": "news", "since": since}
        register.load({"circumstance": [row]}, folder)
        return judged(register, "news", "2020-08-01")

    assert say("once", answer)["outcome"] == say("twice", answer)["outcome"] == "permitted"
    found = say("against", not answer)
    assert (found["outcome"], len(found["reasons"])) == ("undetermined", 1)
    assert f"“{CIRCUMSTANCES[fact]}” is answered in two ways from the same day on" in found["reasons"][0]["text"]
    assert say("third", answer)["outcome"] == "undetermined"
    assert say("later", answer, "2020-07-01")["outcome"] == "permitted"


def test_the_data_are_the_same_though_the_engagement_on_file_has_ended(register: Register, folder: Path) -> None:
    """Data about staff, on a listing that does not cover them: both sides of the engagement's last day."""
    tables = a_register()
    tables["engagement"][0] |= {"data_kind": "hr", "until": "2020-01-01"}
    tables["certification"][0] |= {"covers_hr": False}
    register.load(tables, folder)
    assert [judged(register, "news", day)["outcome"] for day in ("2019-12-31", "2020-01-01")] == ["not_permitted"] * 2


def test_one_listing_more_takes_nothing_from_the_list_that_extends_it(register: Register, folder: Path) -> None:
    """A first look-up that was left open with its old due day, and a second one of the same list."""
    tables = a_register()
    tables["party"][0] |= {"country": "GB"}
    tables["regime_scope"][0] |= {"territory": "GB"}
    listed = {"party": "mailer", "status": "active", "covers_hr": True, "covers_non_hr": True}
    on_two = [
        listed | {"key": "uk", "framework": "uk-us-dpf-extension", "since": "2023-10-12"},
        listed | {"key": "old", "framework": "eu-us-dpf", "since": "2023-07-17", "next_due": "2024-07-10"},
        listed | {"key": "new", "framework": "eu-us-dpf", "since": "2024-07-01", "next_due": "2027-07-10"},
    ]
    register.load(tables | {"certification": on_two[:2]}, folder)
    assert judged(register, "news", "2024-01-01")["last_day"] == "2024-07-10", "as long as the list that it extends"
    assert judged(register, "news", "2025-01-01")["outcome"] == "not_permitted"
    register.load({"certification": on_two[2:]}, folder)
    assert judged(register, "news", "2025-01-01")["outcome"] == "permitted"
    assert {judged(register, "news", day)["last_day"] for day in ("2024-01-01", "2025-01-01")} == {"2027-07-10"}


@pytest.mark.parametrize("instrument", ["eu-us-dpf", "eu-gdpr", "eu-adequacy-jp"])
def test_what_nobody_signs_is_no_safeguard_and_is_said_to_be_none(register: Register, folder: Path, instrument: str) -> None:
    named = {"key": "c", "exporter": "house", "importer": "mailer", "state": "signed", "rank": "primary"}
    register.load(a_register(certification=[], safeguard=[named | SINCE | {"instrument": instrument}]), folder)
    found = judged(register, "news", "2024-01-01")
    assert found["outcome"] == "undetermined"
    assert "is nothing that two parties sign" in found["reasons"][0]["text"]
