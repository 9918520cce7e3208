"""Documents: filed as they came, once; named by what they are evidence of; taken away, never shown."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from registry import documents
from registry.register import LARGEST
from tests.support import Register, a_register
from tests.web import Browser, browse

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 a signed text"
PAGE = b"<!doctype html><script>alert(1)</script>"
SINCE = "2018-05-25"
CONTRACT = {"key": "dpa", "engagement": "news", "since": SINCE}


async def sends(browser: Browser, path: str, content: bytes, name: str = "dpa.pdf", **more: str) -> Any:
    """A form with a file, as a browser sends it; the browser says that it is a page, whatever it is."""
    return await browser.client.post(
        path,
        data={"_csrf_token": browser.token, "evidence_of": "contract/dpa"} | more,
        files={"document.file": (name, content, "text/html")},
        follow_redirects=False,
    )


def test_a_document_is_filed_once_named_and_taken_away(register: Register, folder: Path) -> None:
    register.load(a_register(contract=[CONTRACT]), folder)

    async def work(as_role: Any) -> None:
        browser, auditor = await as_role("procurement"), await as_role("auditor")
        page = await browser.get("/vendors/mailer")
        assert 'value="contract/dpa"' in page.text
        more = {"document.title": "The <i>signed</i> DPA", "_once": browser.hidden(page, "_once")}
        strange = '..\\..//etc/pa\u202ess\r\nwd".PDF'
        answers = await asyncio.gather(*(sends(browser, "/vendors/mailer/documents", PDF, strange, **more) for _ in range(2)))
        assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, "/vendors/mailer#documents")}
        page = await auditor.get("/vendors/mailer")
        assert "The &lt;i&gt;signed&lt;/i&gt; DPA" in page.text
        key = hashlib.sha256(PDF).hexdigest()
        assert f'href="/documents/{key}"' in page.text
        file = await auditor.get(f"/documents/{key}")
        assert file.content == PDF
        assert file.headers["content-type"] == "application/pdf", "by content: neither the name nor the browser is asked"
        assert file.headers["content-disposition"].startswith("attachment; filename=")
        assert "\n" not in file.headers["content-disposition"]
        assert (file.headers["x-content-type-options"], file.headers["cache-control"]) == ("nosniff", "no-store")
        assert "sandbox" in file.headers["content-security-policy"]
        assert (await auditor.get("/documents/absent")).status_code == 404
        assert "Take the file away" in (await auditor.get(f"/records/document/{key}")).text
        assert (await sends(auditor, "/vendors/mailer/documents", PDF)).status_code == 403

    browse(register, work)
    (row,) = register.ask("select * from document")
    assert (row["sha256"], row["size"], row["media_type"]) == (row["key"], len(PDF), "application/pdf")
    assert not set(row["file_name"]) & set('/\\"\r\n\u202e')
    assert (
        register.ask("""select e.kind from journal_entry e where e."table" = 'contract' order by sequence""")[-1][0]
        == "changed"
    )
    (entry,) = register.ask("""select image::text from journal_entry where "table" = 'document'""")
    assert "content" not in entry[0]
    assert [tuple(one) for one in register.ask("select person, of from look where what = 'downloaded'")] == [
        ("a-auditor", f"document/{row['key']}")
    ]


@pytest.mark.parametrize(("so_since", "kind", "rows"), [("today", "changed", 2), ("beginning", "corrected", 1)])
def test_evidence_holds_from_its_day_unless_it_was_there_before(
    register: Register, folder: Path, so_since: str, kind: str, rows: int
) -> None:
    register.load(a_register(contract=[CONTRACT]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        page = await browser.get("/vendors/mailer")
        assert "from the beginning" in page.text
        answer = await sends(browser, "/vendors/mailer/documents", PDF, so_since=so_since)
        assert (answer.status_code, answer.headers["location"]) == (303, "/vendors/mailer#documents")

    browse(register, work)
    periods = register.ask("select since::text, until, document from contract order by since")
    assert len(periods) == rows
    assert (periods[0][0], periods[0]["document"] is None) == (SINCE, rows == 2)
    kinds = """select e.kind from journal_entry e where e."table" = 'contract' order by sequence"""
    assert register.ask(kinds)[-1][0] == kind


def test_evidence_filed_by_two_is_stale_for_the_second_and_both_are_shown(register: Register, folder: Path) -> None:
    register.load(a_register(contract=[CONTRACT]), folder)

    async def work(as_role: Any) -> None:
        one, two = await as_role("procurement"), await as_role("dpo")
        await one.get("/vendors/mailer")
        await two.get("/vendors/mailer")
        where = "/vendors/mailer/documents"
        assert (await sends(one, where, PDF, **{"document.title": "The first"})).status_code == 303
        late = await sends(two, where, PDF + b"2", "second.pdf", **{"document.title": "The second", "so_since": "beginning"})
        assert late.status_code == 409
        for said in ("The first", "The second", "second.pdf", 'value="contract/dpa" selected', 'value="beginning" checked'):
            assert said in late.text, said
        named = two.hidden(late, "named")
        meant = await sends(two, where, PDF + b"2", "second.pdf", named=named)
        assert (meant.status_code, meant.headers["location"]) == (303, "/vendors/mailer#documents")

    browse(register, work)
    assert [one[0] for one in register.ask("select title from document order by id")] == ["The first", "second.pdf"]
    assert register.ask("select document from contract where until is null")[0][0] is not None


def test_the_same_bytes_are_one_document_wherever_they_are_named(register: Register, folder: Path) -> None:
    register.load(a_register(contract=[CONTRACT]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        await browser.get("/vendors/mailer")
        assert (await sends(browser, "/vendors/mailer/documents", PDF, "one.pdf")).status_code == 303
        await browser.get("/records/certification/shield/edit")
        page = await browser.get("/records/certification/shield/edit")
        form = {name: browser.hidden(page, name) for name in ("row", "version", "_once")}
        form |= {"party": "mailer", "framework": "eu-us-privacy-shield", "status": "active", "covers_non_hr": "yes"}
        answer = await sends(browser, "/records/certification/shield/edit", PDF, **form, kind="corrected", why="The proof")
        assert answer.status_code == 303, answer.text
        answer = await sends(browser, "/records/certification/shield/edit", PDF, **form, kind="corrected", why="The proof")
        assert answer.status_code == 303, "sent twice is taken once, not an edit that is stale"
        page = await browser.get("/records/assurance/new?vendor=mailer")
        assert 'type="file"' in page.text

    browse(register, work)
    (document,) = register.ask("select thing, file_name from document")
    assert document["file_name"] == "one.pdf"
    named = register.ask("select document from contract where until is null union all select document from certification")
    assert [one[0] for one in named] == [document["thing"]] * 2


def test_a_new_record_brings_its_document(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        await browser.get("/records/contract/new")
        form = {"engagement": "news", "since": SINCE}
        for content in (b"", b"x" * (LARGEST + 1)):
            answer = await sends(browser, "/records/contract/new", content, **form, note="Typed and kept")
            assert answer.status_code == 422
            assert "Typed and kept" in answer.text
            assert ("empty" if not content else "25 MB") in answer.text
        answer = await sends(browser, "/records/contract/new", PDF, **form)
        assert answer.status_code == 303, answer.text

    browse(register, work)
    assert register.ask("select c.key from contract c join document d on d.thing = c.document")[0][0] == "news"


@pytest.mark.parametrize("evidence", ["", "contract/other", "person/a-dpo", "party/mailer", "contract", "document/x"])
def test_evidence_of_nothing_is_refused_and_nothing_is_filed(register: Register, folder: Path, evidence: str) -> None:
    parties = a_register()["party"]
    other = {
        "party": [*parties, {"key": "x", "name": "X", "country": "US", "since": SINCE}],
        "vendor": [*a_register()["vendor"], {"key": "x", "party": "x", "category": "crm", "since": SINCE}],
        "engagement": [*a_register()["engagement"], {"key": "x", "vendor": "x", "activity": "news", "since": SINCE}],
        "contract": [CONTRACT, CONTRACT | {"key": "other", "engagement": "x"}],
    }
    register.load(a_register(**other), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        await browser.get("/vendors/mailer")
        answer = await sends(browser, "/vendors/mailer/documents", PDF, evidence_of=evidence)
        assert answer.status_code in {404, 422}
        lacking = await sends(browser, "/vendors/mailer/documents", b"", name="", **{"document.title": "Typed and kept"})
        assert lacking.status_code == 422
        assert "Typed and kept" in lacking.text

    browse(register, work)
    assert not register.ask("select from document")


def test_more_than_can_be_taken_is_refused_in_words(register: Register, folder: Path) -> None:
    register.load(a_register(contract=[CONTRACT]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        await browser.get("/vendors/mailer")
        answer = await sends(browser, "/vendors/mailer/documents", b"%PDF-" + b"x" * (30 * 2**20))
        assert answer.status_code == 413
        assert "up to 25 MB" in answer.text

    browse(register, work)
    assert not register.ask("select from document")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (PAGE, "text/plain"),
        (b"<svg onload=alert(1)>", "text/plain"),
        (b"\x89PNG\r\n\x1a\n..", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04....word/document.xml", f"{documents.OPEN_XML}.wordprocessingml.document"),
        (b"PK\x03\x04....", "application/zip"),
        (b"MZ\x90\x00", documents.UNKNOWN),
        (b"plain words\n", "text/plain"),
        (b"\x00\x01", documents.UNKNOWN),
        (b"", "text/plain"),
    ],
)
def test_what_a_file_is_its_bytes_say(content: bytes, kind: str) -> None:
    assert documents.media_type(content) == kind


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\contract.pdf", "contract.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("line\r\nX-Evil: 1.pdf", "lineX-Evil_ 1.pdf"),
        ("Überweisung 契約.pdf", "Überweisung 契約.pdf"),
        ("", "document"),
        (" ...", "document"),
        ("x" * 400 + ".pdf", "x" * 140 + ".pdf"),
    ],
)
def test_a_file_name_steers_nothing(given: str, safe: str) -> None:
    assert documents.safe_name(given) == safe
    header = documents.to_take_away(safe)
    assert header.isascii()
    assert header.count('"') == 2


def test_a_wide_quote_folds_into_no_second_name() -> None:
    header = documents.to_take_away("a\uff02; filename=\uff02evil.exe\uff02; x=\uff3c.pdf")
    assert re.fullmatch(r"""attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.%-]+""", header), header
    assert documents.to_take_away("\u5951\u7d04").startswith('attachment; filename="document";')
