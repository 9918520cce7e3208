"""Re-verification as people meet it on the pages, clause by clause."""

import asyncio
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


FULL = {"confirmed": list(ASKED), "findings": "their answers of today", "accepted": "yes", "instead": "A call"}


def test_the_tier_and_its_arithmetic_are_seen(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        shown = (await (await as_role("dpo")).get("/reviews")).text
        assert "data leave the European Economic Area (+2)" in shown
        assert "passes data on to sub-processors (+1)" in shown
        assert "every 24 months" in shown

    browse(open_round, work)


def test_what_must_be_confirmed_again_stands_there(open_round: Register) -> None:
    """Undertakings, listing, assurances with their age, sub-processors, contract."""

    async def work(as_role: Any) -> None:
        person = await as_role("dpo")
        shown = (await person.get(address((await person.get("/reviews")).text))).text
        assert "Overdue." in shown
        for said in (
            "Only our purpose: yes",
            "Tells us: not recorded",
            "EU-U.S. Privacy Shield",
            "Locked doors",
            "India",
            "30",
        ):
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
        done = await person.get(where)
        assert done.status_code == 200
        assert f"A dpo completed this review on {TODAY:%-d %b %Y}: accepted" in done.text
        assert '<form method="post" class="card' not in done.text

    browse(open_round, work)
    (row,) = open_round.ask("select * from review where completed_on is not null")
    assert (row["completed_on"], row["accepted"], row["findings"]) == (
        TODAY,
        True,
        "their answers of today\n\nNo document; looked at instead: A call",
    )
    assert sorted(row["confirmed"]) == sorted(ASKED)
    (who,) = open_round.ask("select key from person where thing = $1", row["completed_by"])
    assert who["key"] == "a-dpo"
    looked = open_round.do(lambda: look(TODAY, law.load()))
    assert not [one for one in looked.alerts if one["kind"].startswith("review")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"findings": " "}, "Say what was confirmed, and on what evidence."),
        ({"accepted": ""}, "Say whether what was shown was accepted."),
        ({"confirmed": ["listing"]}, "not confirmed: confirm each"),
        ({"document": "nowhere"}, "nothing of that key"),
        ({"instead": " "}, "Choose a document on file, bring a file, or say what was looked at instead"),
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


def test_a_round_that_another_completed_meanwhile_keeps_what_was_typed_and_tells_who(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        one, other = await as_role("dpo"), await as_role("procurement")
        where = address((await one.get("/reviews")).text)
        await one.get(where)
        await other.get(where)
        assert (await one.post(where, FULL | {"findings": "the first"})).status_code == 303
        late = await other.post(where, FULL | {"findings": "a long <b>story</b>", "instead": "Their audit room"})
        assert late.status_code == 409
        for said in ("a long &lt;b&gt;story&lt;/b&gt;", "Their audit room", "A dpo completed this review", "the first"):
            assert said in late.text, said

    browse(open_round, work)
    assert len(open_round.ask("select from review where completed_on is not null")) == 1


def test_two_at_once_are_one_and_the_other_loses_nothing(open_round: Register) -> None:
    async def work(as_role: Any) -> None:
        two = [await as_role("dpo"), await as_role("procurement")]
        where = address((await two[0].get("/reviews")).text)
        for one in two:
            await one.get(where)
        answers = await asyncio.gather(*(one.post(where, FULL | {"findings": f"story {one.token}"}) for one in two))
        assert sorted(one.status_code for one in answers) == [303, 409]
        assert "story" in next(one.text for one in answers if one.status_code == 409)

    browse(open_round, work)
    assert len(open_round.ask("select from review where completed_on is not null")) == 1


@pytest.mark.parametrize("brought", [True, False])
def test_the_evidence_is_a_file_that_is_brought_or_one_that_is_on_file(open_round: Register, brought: bool) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("procurement")
        where = address((await person.get("/reviews")).text)
        if not brought:
            await person.get("/vendors/mailer")
            fields = {"evidence_of": "contract/paper", "_csrf_token": person.token, "document.title": "The <i>paper</i>"}
            await person.client.post("/vendors/mailer/documents", data=fields, files={"document.file": ("a.pdf", b"%PDF-")})
        shown = await person.get(where)
        form = FULL | {"instead": "", "_csrf_token": person.token, "_once": person.hidden(shown, "_once")}
        if brought:
            answer = await person.client.post(where, data=form, files={"document.file": ("a.pdf", b"%PDF-")})
        else:
            key = re.findall(r'<option value="(\w{64})">The &lt;i&gt;paper', shown.text)
            assert key, "the vendor's documents are offered by their titles"
            answer = await person.client.post(where, data=form | {"document": key[0]})
        assert answer.status_code == 303, answer.text

    browse(open_round, work)
    (row,) = open_round.ask("select d.size from review r join document d on d.thing = r.document")
    assert row["size"] == 5


def test_the_list_shows_names_fifty_a_page_and_is_searched(register: Register, folder: Path) -> None:
    tables, since = a_register(), "2018-05-25"
    for number in range(60):
        tables["party"].append({"key": f"p{number}", "name": f"Firm {number:02}", "country": "DE", "since": since})
        tables["vendor"].append({"key": f"k-{number}", "party": f"p{number}", "category": "crm", "since": since})
    register.load(tables, folder)
    register.do(lambda: look(TODAY, law.load()))

    async def work(as_role: Any) -> None:
        person = await as_role("auditor")
        first, second = (await person.get("/reviews")).text, (await person.get("/reviews?number=2")).text
        for page, many in ((first, 50), (second, 11)):
            assert page.count("months from") == many
            assert page.count("overdue</strong>") == many
        assert ">Firm 07</a>" in first
        assert ">k-7</a>" not in first
        found = (await person.get("/reviews?q=firm+59")).text
        assert found.count("months from") == found.count("overdue</strong>") == 1

    browse(register, work)
