"""Forms out of columns, and the editor of records that they make."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from registry import forms, schema
from registry.errors import Refused
from registry.once import SentBefore
from registry.register import record_new
from tests.support import Register, a_register
from tests.web import Browser, browse

MAILER = "/records/vendor/mailer"
FIELDS = {"party": "mailer", "category": "email_marketing"}


async def opened(browser: Browser, path: str = MAILER) -> dict[str, str]:
    page = await browser.get(f"{path}/edit")
    assert page.status_code == 200, page.text
    return {name: browser.hidden(page, name) for name in ("row", "version")} | FIELDS


@pytest.mark.parametrize(
    "title", ["party", "contract", "transfer", "certification", "measure", "notice", "contact", "safeguard"]
)
def test_what_a_form_binds_a_file_would_take(title: str) -> None:
    table = schema.by_name()[title]
    given = {
        "textarea": ["Some\r\nwords"],
        "text": ["Words"],
        "date": ["2020-02-29"],
        "answer": ["no"],
        "lines": ["one\r\n\r\n two "],
        "number": ["30"],
        "reference": ["a-key"],
        "email": ["a@b.example"],
        "tel": ["1"],
    }
    for key in schema.columns(table):
        if key in schema.OWN or key == "key":
            continue
        one = forms.field(table, key)
        words = [one.options[0][0]] if one.kind == "select" else given[one.kind] if one.kind in given else []
        values, errors = forms.bind([one], {key: words})
        assert not errors, (key, errors)
        assert forms.bind([one], forms.shown([one], values))[0] == values
        assert forms.bind([one], {key: ["", " "]})[0].get(key) is None


@pytest.mark.parametrize(
    ("title", "key", "words"),
    [
        ("contract", "signed_on", "1.2.2020"),
        ("contract", "signed_on", "2020-02-30"),
        ("contract", "signed_on", "0001-01-01"),
        ("contract", "notice_days", "-1"),
        ("contract", "notice_days", "9999999999"),
        ("contract", "notice_days", "٣"),
        ("contract", "audits", "maybe"),
        ("party", "country", "QQ"),
        ("party", "name", ""),
        ("party", "lei", "x" * 21),
        ("party", "note", "x" * 30_000),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(title: str, key: str, words: str) -> None:
    one = forms.field(schema.by_name()[title], key)
    errors = forms.bind([one], {key: [words]})[1]
    assert errors[key].endswith(".")
    assert "`" not in errors[key]


def test_a_record_changes_is_corrected_and_voided(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser, auditor = await as_role("procurement"), await as_role("auditor")
        form = await opened(browser)
        for kind in ("changed", "corrected", "voided", "ended", ""):
            answer = await browser.post(f"{MAILER}/edit", form | {"kind": kind, "service": "Typed and kept"})
            assert answer.status_code == 422
            assert "Typed and kept" in answer.text
        answer = await browser.post(f"{MAILER}/edit", form | {"kind": "changed", "on": "2026-01-01"})
        assert "Nothing reads otherwise" in answer.text
        answer = await browser.post(
            f"{MAILER}/edit", form | {"kind": "changed", "on": "2026-01-01", "service": "Newsletters", "why": "They grew"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, MAILER)
        form = await opened(browser)
        answer = await browser.post(
            f"{MAILER}/edit", form | {"kind": "corrected", "why": "A slip", "service": "Mailings", "first_day": "2026-02-01"}
        )
        assert answer.status_code == 303, answer.text
        page = await auditor.get(MAILER)
        for said in ("They grew", "A slip", "A procurement", "1 Feb 2026", "Newsletters", "Mailings"):
            assert said in page.text, said
        assert "/edit" not in page.text
        assert (await auditor.get(f"{MAILER}/edit")).status_code == 403
        form = await opened(browser)
        answer = await browser.post(f"{MAILER}/edit", form | {"kind": "voided", "why": "Twice"})
        assert answer.status_code == 303, answer.text
        assert "counts on no day" in (await browser.get(MAILER)).text
        form = await opened(browser)
        answer = await browser.post(f"{MAILER}/edit", form | {"kind": "ended", "last_day": "2025-06-30"})
        assert answer.status_code == 303, answer.text

    browse(register, work)
    kinds = register.ask("""select kind from journal_entry where "table" = 'vendor' order by sequence""")
    assert [one["kind"] for one in kinds] == ["recorded", "changed", "changed", "corrected", "voided", "changed"]
    assert str(register.ask("select until from vendor where since = '2018-05-25'")[0][0]) == "2025-07-01"
    assert register.ask("select count(*) from look where what = 'opened' and of like '%vendor/mailer'")[0][0] == 2


def test_a_stale_edit_is_told_beside_what_the_other_wrote(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        one, two = await as_role("procurement"), await as_role("dpo")
        first, second = await opened(one), await opened(two)
        corrected = {"kind": "corrected", "why": "Looked it up"}
        assert (await one.post(f"{MAILER}/edit", first | corrected | {"service": "What one wrote"})).status_code == 303
        late = await two.post(f"{MAILER}/edit", second | corrected | {"service": "What two wrote"})
        assert late.status_code == 409
        for said in ("What one wrote", "What two wrote", "A procurement", "Somebody else changed this"):
            assert said in late.text
        again = {name: two.hidden(late, name) for name in ("row", "version")}
        assert again["version"] == "2"
        answer = await two.post(f"{MAILER}/edit", second | again | corrected | {"service": "What two wrote"})
        assert answer.status_code == 303

    browse(register, work)
    assert register.ask("select service, version from vendor where key = 'mailer'")[0][:] == ("What two wrote", 3)


def test_a_stale_edit_shows_the_personal_words_that_stood_there_before(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["vendor"][0]["note"] = "What stood there first"
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        one, two = await as_role("procurement"), await as_role("dpo")
        first, second = await opened(one), await opened(two)
        corrected = {"kind": "corrected", "why": "Looked it up"}
        assert (await one.post(f"{MAILER}/edit", first | corrected | {"note": "What one wrote"})).status_code == 303
        late = await two.post(f"{MAILER}/edit", second | corrected | {"note": "What two wrote"})
        assert late.status_code == 409
        row = late.text.split('<th scope="row">Note</th>')[1].split("</tr>")[0]
        assert row.startswith("<td>What stood there first</td><td>What one wrote</td><td>What two wrote</td>"), row

    browse(register, work)


def test_an_edit_and_a_new_record_sent_twice_are_taken_once(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        page = await browser.get(f"{MAILER}/edit")
        form = FIELDS | {name: browser.hidden(page, name) for name in ("row", "version", "_once")}
        form |= {"kind": "corrected", "why": "w", "service": "Once"}
        answers = await asyncio.gather(*(browser.post(f"{MAILER}/edit", form) for _ in range(3)))
        assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, MAILER)}
        page = await browser.get("/records/contract/new?engagement=news")
        sent = {"engagement": "news", "since": "2026-01-01", "_once": browser.hidden(page, "_once")}
        answers = await asyncio.gather(*(browser.post("/records/contract/new", sent) for _ in range(3)))
        assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, "/records/contract/news")}
        answer = await browser.post("/records/contract/new", sent | {"since": "2026-01-02"})
        assert answer.headers["location"] == "/records/contract/news-2", "other words under the token are another wish"

    browse(register, work)
    assert register.ask("select count(*) from contract")[0][0] == 2
    assert register.ask("select version from vendor")[0][0] == 2


def test_one_new_row_is_taken_once_with_its_sending(register: Register) -> None:
    """Sent again, and twice at once: one row, one entry, one answer; another token is another wish; a refusal takes nothing."""

    async def work() -> list[str]:
        said = []
        row = {"name": "Acme", "country": "DE", "since": "2020-01-01"}
        try:
            await record_new("a", "party", row | {"key": "acme", "country": "XX"}, "first", "/acme")
        except Refused as error:
            said.append(str(error))
        await record_new("a", "party", row | {"key": "acme"}, "first", "/acme")
        for sent, key in (("first", "acme"), ("first", "acme-2"), ("second", "acme")):
            try:
                await record_new("a", "party", row | {"key": key}, sent, "/elsewhere")
            except SentBefore as error:
                said.append(error.answer)
            except Refused as error:
                said.append(str(error))
        twins = [record_new("a", "party", row | {"key": f"twin-{n}"}, "third", f"/twin-{n}") for n in range(6)]
        ends = await asyncio.gather(*twins, return_exceptions=True)
        taken = [number for number, end in enumerate(ends) if end is None]
        assert len(taken) == 1
        assert {getattr(end, "answer", None) for end in ends if end is not None} == {f"/twin-{taken[0]}"}
        await record_new("a", "party", row | {"key": "no-token"}, "", "/x")
        await record_new("a", "party", row | {"key": "no-token-2"}, "", "/x")
        return said

    said = register.do(work)
    assert "country" in said[0]
    assert said[1:3] == ["/acme", "/acme"]
    assert "recorded in the meantime" in said[3]
    assert register.ask("select count(*) from party")[0][0] == 4
    assert register.ask("""select count(*) from journal_entry where "table" = 'party'""")[0][0] == 4
    sent = {one["key"]: one["answer"] for one in register.ask("select key, answer from sent")}
    assert set(sent) == {"first", "third"}, "what was refused may be sent again"
    assert sent["first"] == "/acme"


@pytest.mark.parametrize("key", ["a/b", "a/b/edit", "100%25", "50%", "a?b#c", "ключ / 鍵", "%2F"])
def test_a_key_of_whatever_signs_is_reached(register: Register, folder: Path, key: str) -> None:
    party = {"key": key, "name": "Slashed Ltd.", "country": "US", "since": "2018-05-25"}
    tables = a_register(party=[*a_register()["party"], party])
    tables["vendor"].append({"key": key, "party": key, "category": "crm", "since": "2018-05-25"})
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        page = await browser.get("/records/party?q=slashed")
        links = [part.split('"')[0] for part in page.text.split('href="')[1:] if part.startswith("/records/party/")]
        assert len(links) == 1
        assert "Slashed Ltd." in (await browser.get(links[0])).text
        form = await browser.get(f"{links[0]}/edit")
        words = {name: browser.hidden(form, name) for name in ("row", "version", "_once")}
        words |= {"name": "Slashed again", "ours": "no", "country": "US", "kind": "corrected", "why": "w"}
        answer = await browser.post(f"{links[0]}/edit", words)
        assert (answer.status_code, answer.headers["location"]) == (303, links[0]), answer.text
        listed = await browser.get("/vendors?q=Slashed")
        found = {part.split('"')[0] for part in listed.text.split('href="')[1:] if part.startswith("/vendors/")}
        (vendor,) = found - {"/vendors/new"}
        assert "Slashed again" in (await browser.get(vendor)).text
        assert (await browser.get(f"{vendor}/gate")).status_code == 200

    browse(register, work)
    assert [one[0] for one in register.ask("select name from party where key = $1", key)] == ["Slashed again"]


def test_rows_are_listed_searched_and_paged_for_those_who_report(register: Register, folder: Path) -> None:
    many = [{"key": f"p{n:03}", "name": f"Party 100% {n}", "country": "US", "since": "2020-01-01"} for n in range(120)]
    register.load(a_register(party=[*a_register()["party"], *many]), folder)

    async def work(as_role: Any) -> None:
        auditor, procurement = await as_role("auditor"), await as_role("procurement")
        assert 'href="/records/party"' in (await auditor.get("/records")).text
        first = await auditor.get("/records/party")
        assert "122 records, page 1 of 3" in first.text
        assert first.text.count('href="/records/party/') == 50
        last = await auditor.get("/records/party?number=3")
        assert last.text.count('href="/records/party/') == 22
        found = await auditor.get("/records/party?q=100%25+7")
        assert "11 records" in found.text, "a % means itself"
        assert "Nothing fits" in (await auditor.get("/records/party?q=_nothing_")).text
        for table in ("person", "register", "draft", "credential", "nothing", "sent"):
            assert (await auditor.get(f"/records/{table}")).status_code == 404, table
        for table in schema.by_name().keys() - {"person", "register"}:
            assert (await auditor.get(f"/records/{table}")).status_code == 200, table
        assert (await procurement.get("/records/party")).status_code == 403
        assert "/records/party" not in (await procurement.get("/records")).text

    browse(register, work)


def test_of_two_who_send_at_once_one_is_told(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browsers = [await as_role("procurement"), await as_role("dpo")]
        forms = [await opened(browser) for browser in browsers]
        sent = [
            browser.post(f"{MAILER}/edit", form | {"kind": kind, "on": "2026-01-01", "why": "w", "service": f"By {number}"})
            for number, (browser, form, kind) in enumerate(zip(browsers, forms, ("changed", "corrected"), strict=True))
        ]
        assert sorted(one.status_code for one in await asyncio.gather(*sent)) == [303, 409]

    browse(register, work)


def test_a_new_record_begins_with_what_the_address_says(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        page = await browser.get("/records/contract/new?engagement=news")
        assert '<option value="news" selected>' in page.text
        answer = await browser.post("/records/contract/new", {"engagement": "news", "audits": "yes", "since": "2026-01-01"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/records/contract/news")
        answer = await browser.post("/records/contract/new", {"engagement": "", "note": "Kept", "since": "soon"})
        assert answer.status_code == 422
        assert "Kept" in answer.text
        for table in (
            "certification safeguard transfer assurance impact_assessment sub_processing notice measure "
            "processing_activity contact party engagement vendor regime_scope"
        ).split():
            assert (await browser.get(f"/records/{table}/new?vendor=mailer")).status_code == 200, table
        for table in ("person", "register", "document", "decision", "assessment", "alert", "case", "draft", "nothing"):
            assert (await browser.get(f"/records/{table}/new")).status_code == 404, table
            assert (await browser.post(f"/records/{table}/new", {"since": "2026-01-01"})).status_code == 404, table
            assert (await browser.get(f"/records/{table}/x/edit")).status_code == 404, table
        assert (await browser.get("/records/person/a-dpo")).status_code == 404
        assert (await browser.get("/records/vendor/absent")).status_code == 404
        assert (await browser.post(f"{MAILER}/edit", {"kind": "voided", "why": "x"}, token=False)).status_code == 403

    browse(register, work)


def test_a_person_s_data_come_out_and_a_key_holds_no_name(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        await browser.get("/records/contact/new")
        form = {"party": "mailer", "capacity": "security", "name": "<b>Ann</b> O'Hara", "email": "a@b.example"}
        answer = await browser.post("/records/contact/new", form | {"since": "2026-01-01"})
        assert answer.headers["location"] == "/records/contact/mailer-security"
        page = await browser.get(answer.headers["location"])
        assert "&lt;b&gt;Ann" in page.text
        assert "<b>Ann" not in page.text

    browse(register, work)
