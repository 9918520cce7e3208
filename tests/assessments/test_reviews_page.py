"""Re-verification as people meet it on the pages, clause by clause."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.reviews import ASKED
from assessments.watch import look
from registry import law
from tests.support import Register, a_register
from tests.web import browse

TODAY = date.today()  # noqa: DTZ011


@pytest.fixture
def open_round(register: Register, folder: Path) -> Register:
    """A vendor whose round is long overdue, with something of each kind to confirm."""
    since = "2018-05-25"
    tables = a_register(
        contract=[
            {
                "key": "paper",
                "engagement": "news",
                "signed_on": since,
                "since": since,
                "only_our_purpose": True,
                "notice_days": 30,
            }
        ],
        measure=[{"key": "lock", "name": "Locked doors", "since": since}],
        assurance=[
            {"key": "doors", "vendor": "mailer", "measure": "lock", "as_strong": True, "evidence": "statement", "since": since}
        ],
        sub_processing=[{"key": "hop", "processor": "mailer", "sub_processor": "below", "country": "IN", "since": since}],
    )
    tables["party"].append({"key": "below", "name": "Below Ltd", "country": "IN", "since": since})
    register.load(tables, folder)
    register.do(lambda: look(TODAY, law.load()))
    return register


def address(page: str) -> str:
    found = re.search(r'href="(/reviews/mailer/[\d-]+)"', page)
    assert found, page
    return found[1]


FULL = {"confirmed": list(ASKED), "findings": "their answers of today", "accepted": "yes", "document": ""}


def test_the_tier_and_its_arithmetic_are_seen(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        shown = (await (await as_role("dpo")).get("/reviews")).text
        assert "data leave the European Economic Area 2" in shown
        assert "passes data on to sub-processors 1" in shown
        assert "every 24 months" in shown

    browse(open_round, work)


def test_what_must_be_confirmed_again_stands_there(open_round: Register) -> None:
    """Undertakings, listing, assurances with their age, sub-processors, contract."""

    async def work(as_role: Any) -> None:
        person = await as_role("dpo")
        shown = (await person.get(address((await person.get("/reviews")).text))).text
        assert "Overdue." in shown
        for said in ("Only our purpose: yes", "Tells us: not recorded", "eu-us-privacy-shield", "Locked doors", "IN", "30"):
            assert said in shown, said
        assert f"Age in days: {(TODAY - date(2018, 5, 25)).days}" in shown

    browse(open_round, work)


def test_an_override_holds_with_a_reason_and_not_without(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("procurement")
        opened = await person.get("/records/vendor/mailer/edit")
        form = {name: person.hidden(opened, name) for name in ("row", "version")}
        form |= {
            "party": "mailer",
            "category": "email_marketing",
            "kind": "corrected",
            "why": "as agreed",
            "review_months": "3",
        }
        refused = await person.post("/records/vendor/mailer/edit", form)
        assert refused.status_code in {200, 422}
        assert "why the tier" in refused.text
        taken = await person.post("/records/vendor/mailer/edit", form | {"review_reason": "a breach in spring"})
        assert taken.status_code == 303, taken.text
        shown = (await person.get("/reviews")).text
        assert "3 months from" in shown
        assert "a breach in spring" in shown
        assert "every 24 months" in shown, "the tier's arithmetic stays visible"

    browse(open_round, work)


def test_months_without_a_reason_in_a_file_do_not_hold(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["vendor"][0]["review_months"] = 1
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        assert "1 months from" not in (await (await as_role("dpo")).get("/reviews")).text

    browse(register, work)


def test_it_is_completed_by_a_person_with_evidence_and_due_again_from_that_day(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("dpo")
        where = address((await person.get("/reviews")).text)
        await person.get(where)
        assert (await person.post(where, FULL)).status_code == 303
        shown = (await person.get("/reviews")).text
        assert "No review is open." in shown
        assert f"24 months from {TODAY:%-d %b %Y}" in shown
        assert (await person.get(where)).status_code == 404

    browse(open_round, work)
    (row,) = open_round.ask("select * from review where completed_on is not null")
    assert (row["completed_on"], row["accepted"], row["findings"]) == (TODAY, True, "their answers of today")
    assert sorted(row["confirmed"]) == sorted(ASKED)
    (who,) = open_round.ask("select key from person where thing = $1", row["completed_by"])
    assert who["key"] == "a-dpo"
    looked = open_round.do(lambda: look(TODAY, law.load()))
    assert not [one for one in looked.alerts if one["kind"].startswith("review")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"findings": " "}, "findings:"),
        ({"accepted": ""}, "accepted:"),
        ({"confirmed": ["listing"]}, "not confirmed: confirm each"),
        ({"document": "nowhere"}, "nothing of that key"),
        ({"confirmed": ["everything"]}, "is not asked"),
    ],
)
def test_what_a_round_lacks_is_named_and_what_was_typed_is_kept(open_round: Register, wrong: dict[str, Any], said: str) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("dpo")
        where = address((await person.get("/reviews")).text)
        await person.get(where)
        answer = await person.post(where, FULL | {"findings": "a long story"} | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert "findings" in wrong or "a long story" in answer.text
        assert 'value="listing" id="c-listing" checked' in answer.text or "everything" in str(wrong)

    browse(open_round, work)
    assert not open_round.ask("select from review where completed_on is not null")


def test_a_round_may_end_without_acceptance_and_says_so(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("dpo")
        where = address((await person.get("/reviews")).text)
        await person.get(where)
        refused = FULL | {"accepted": "no", "confirmed": ["listing"], "findings": "no answer came"}
        assert (await person.post(where, refused)).status_code == 303

    browse(open_round, work)
    assert open_round.ask("select accepted from review where completed_on is not null")[0][0] is False


def test_overdue_is_told_once_and_seen_until_it_is_done(open_round: Register) -> None:
    overdue = [one for one in open_round.answer("alerts") if one["kind"] == "review_overdue"]
    assert [one["title"] for one in overdue] == ["The review of Mailer, Inc. is overdue"]

    async def work(as_role: Any) -> None:
        for role in ("procurement", "dpo", "auditor"):
            person = await as_role(role)
            assert "overdue" in (await person.get("/reviews")).text
            assert "The review of Mailer, Inc. is overdue" in (await person.get("/alerts")).text

    browse(open_round, work)


def test_a_vendor_that_ended_is_asked_for_no_more(open_round: Register, folder: Path) -> None:
    entry = {"kind": "changed", "why": "so"}
    open_round.load({"vendor": [{"key": "mailer", "until": "2026-01-01", "entry": entry}]}, folder)

    async def work(as_role: Any) -> None:
        shown = await (await as_role("dpo")).get("/reviews")
        assert shown.status_code == 200
        assert "No review is open." in shown.text

    browse(open_round, work)
