"""The object of each route: one's own, another's, and one that is not there; and what each address answers to whom."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from assessments.tables import Alert, Review
from registry import database, drafts, journal
from registry.tables import Person, Vendor
from registry.web import now
from tests.web import Browser

SINCE = "2018-05-25"
PDF = b"%PDF-1.7 evidence"
Form = dict[str, Any]
Words = Callable[[Browser, str], Awaitable[Form]]


class Tried(msgspec.Struct):
    """A route with its three addresses, and the words that are sent to it; own is empty where nothing is anybody's own."""

    method: str
    path: str
    own: str
    other: str
    absent: str
    words: Words | None = None


async def _none(_: Browser, __: str) -> Form:
    return {}


def _said(**words: Any) -> Words:
    async def said(_: Browser, __: str) -> Form:
        return words

    return said


def _hidden(of: Callable[[str], str], names: tuple[str, ...], **words: Any) -> Words:
    """The words together with the hidden fields of the page on which they are typed, where there is such a page."""

    async def said(browser: Browser, address: str) -> Form:
        page = await browser.get(of(address))
        found = {name: browser.hidden(page, name) for name in names if f'name="{name}"' in page.text}
        return {"row": "1", "version": "1"} | found | words

    return said


def _page(address: str) -> str:
    return address.rpartition("/")[0]


async def on_file() -> dict[str, str]:
    """Records what the routes need beside `tests.support.a_register`; returns drafts and sessions by whose they are."""
    async with database.as_known(None) as at:
        party = await at.fetchval("select thing from party where key = 'mailer'")
        vendor = await at.fetchval("select thing from vendor where key = 'mailer'")
    await journal.record("cli:test", None, Person, {"key": "a-other", "since": SINCE, "name": "Other", "role": "dpo"})
    own = {"key": "own", "since": SINCE, "party": party, "category": "crm"}
    await journal.record("a-dpo", None, Vendor, own)
    await journal.record("system:test", None, Alert, {"key": "one", "since": SINCE, "cause": "a test", "kind": "review_due"})
    review = {"key": "mailer:2030-01-01", "vendor": vendor, "due": "2030-01-01", "since": SINCE}
    await journal.record("system:test", None, Review, review)
    found = {f"draft {role}": drafts.key() for role in ("procurement", "dpo")}
    for role in ("procurement", "dpo"):
        assert await drafts.keep(found[f"draft {role}"], f"a-{role}", {"party.name": ["Begun"]})
    async with database.as_known(None) as at:
        for key, session in await at.fetch("select person, max(id) from session group by person"):
            found[f"session {key.removeprefix('a-')}"] = str(session)
    return found


def tried(found: dict[str, str]) -> list[Tried]:
    """Every route with an object, in an order in which none spoils the next; drafts and sessions are procurement's own."""
    today = str(now().date())
    stop = {"day": today, "why": "A test"}
    who = _said(**{"party.name": "Zebrafinch", "party.website": "zebrafinch.example", "party.country": "DE"})
    draft = "/vendors/new/{draft:str}/{step:str}"
    drafted = [f"/vendors/new/{key}/who" for key in (found["draft procurement"], found["draft dpo"], "absent")]
    ended = [f"/sessions/{key}/end" for key in (found["session procurement"], found["session auditor"], "999999999")]
    person = ("row", "version", "_once")
    people = "/people/{key:str}"
    new_contract = _said(engagement="news", since=SINCE)
    edited = _hidden(lambda address: address, ("row", "version", "_once"), kind="voided", why="A test")
    resumed = _hidden(_page, ("stop", "version"), **stop, although="yes")
    gate = _said(standing="refused", why="A test")

    def of_people(what: str, **words: Any) -> Tried:
        three = [f"/people/{key}/{what}" for key in ("a-admin", "a-other", "absent")]
        return Tried("POST", f"{people}/{what}", *three, _hidden(_page, person, why="A test", **words))

    return [
        _read("/activities/{key:str}", "/activities/news"),
        _read("/law/{key:str}", "/law/eu-us-privacy-shield"),
        _read("/law/dossiers/{country:str}", "/law/dossiers/US", "/law/dossiers/ZZ"),
        _read("/transfers/{key:str}", "/transfers/news"),
        _read("/transfers/{key:str}/coverage", "/transfers/news/coverage", "/transfers/absent/coverage"),
        _read("/checkpoints/{number:int}/note", "", "/checkpoints/999999/note"),
        _read("/vendors/{key:str}", "/vendors/mailer"),
        _read("/vendors/{key:str}/gate", "/vendors/mailer/gate", "/vendors/absent/gate", own="/vendors/own/gate"),
        _read("/vendors/{key:str}/stop", "/vendors/mailer/stop", "/vendors/absent/stop"),
        _read("/reviews/{vendor:str}/{due:str}", "/reviews/mailer/2030-01-01", "/reviews/mailer/2031-01-01"),
        _read("/records/{table:str}", "/records/party", "/records/credential"),
        _read("/records/{table:str}/new", "/records/party/new", "/records/person/new"),
        _read("/records/{table:str}/{key:str}", "/records/vendor/mailer"),
        _read("/records/{table:str}/{key:str}/edit", "/records/vendor/mailer/edit", "/records/vendor/absent/edit"),
        _read("/download/{name:str}/{fmt:str}", "/download/art30_controller/json", "/download/nothing/json"),
        Tried("GET", draft, *drafted),
        Tried("POST", draft, *drafted, who),
        Tried("POST", "/alerts/{key:str}/dealt-with", "", "/alerts/one/dealt-with", "/alerts/x/dealt-with", _said(why="Told")),
        Tried("POST", "/records/{table:str}/new", "", "/records/contract/new", "/records/person/new", new_contract),
        Tried("POST", "/vendors/{key:str}/documents", "", "/vendors/mailer/documents", "/vendors/x/documents", _none),
        _read("/documents/{key:str}", "", "/documents/absent"),
        Tried(
            "POST",
            "/records/{table:str}/{key:str}/edit",
            "",
            "/records/certification/shield/edit",
            "/records/certification/x/edit",
            edited,
        ),
        Tried("POST", "/transfers/{key:str}/stop", "", "/transfers/news/stop", "/transfers/x/stop", _said(**stop)),
        Tried("POST", "/transfers/{key:str}/resume", "", "/transfers/news/resume", "/transfers/x/resume", resumed),
        Tried("POST", "/vendors/{key:str}/stop", "", "/vendors/mailer/stop", "/vendors/x/stop", _said(**stop)),
        Tried("POST", "/vendors/{key:str}/gate", "/vendors/own/gate", "/vendors/mailer/gate", "/vendors/x/gate", gate),
        Tried(
            "POST",
            "/reviews/{vendor:str}/{due:str}",
            "",
            "/reviews/mailer/2030-01-01",
            "/reviews/mailer/2031-01-01",
            _said(accepted="no", findings="Seen"),
        ),
        _read(people, "/people/a-dpo", own="/people/a-admin"),
        of_people("role", role="auditor", endless="yes"),
        of_people("end", endless="yes"),
        of_people("sessions"),
        of_people("lock"),
        of_people("unlock"),
        of_people("password"),
        Tried("POST", "/sessions/{session:int}/end", *ended, _none),
    ]


def _read(path: str, other: str, absent: str = "", own: str = "") -> Tried:
    return Tried("GET", path, own, other, absent or f"{_page(other)}/absent")


async def answer(browser: Browser, one: Tried, address: str) -> int:
    """The status with which an address answers; the file of a document is sent as browsers send one."""
    if one.method == "GET":
        return int((await browser.get(address)).status_code)
    words = await one.words(browser, address) if one.words else {}
    if address.endswith("/documents"):
        sent = await browser.client.post(
            address,
            data={"_csrf_token": browser.token, "evidence_of": "contract/news"},
            files={"document.file": ("dpa.pdf", PDF, "text/html")},
        )
        return int(sent.status_code)
    return int((await browser.post(address, words)).status_code)
