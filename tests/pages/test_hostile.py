"""Whatever stands in a field stays words: nothing of it runs on any page, and nothing is fetched from anywhere."""

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from piccolo.columns import Array, Boolean, Bytea, Date, ForeignKey
from piccolo.columns.column_types import BigInt, Integer, Text
from piccolo.table import Table

from registry import schema
from registry.register import ITSELF
from registry.tables import is_country, is_moment
from tests.served import Person, Screens, Site
from tests.support import some

SHORT = '"><img src=//evil.example/i onerror=alert(1)><script>alert(2)</script>'
LONG = (
    f"{SHORT}' onmouseover=alert(3) x='</textarea></title><svg/onload=alert(4)><iframe src=//evil.example/f></iframe>"
    "<link rel=stylesheet href=//evil.example/s><base href=//evil.example/><form action=//evil.example/p>"
    "javascript:alert(5) {{ 98765 * 43210 }} ${alert(6)} \u202e https://evil.example/seen <a href=javascript:alert(7)>"
)
SINCE = "2019-01-01"
LEFT_OUT = {*ITSELF, "document"}  # one row that is never written again; bytes, brought by a form below
ENDS = ("/sign-out", "/end", "/drop", "/lock", "/sessions", "/role")  # forms after which the person could not go on
LOOKS = """() => {
    const law = location.pathname.startsWith("/law/");  // its own files name their sources
    const all = [...document.querySelectorAll("*")];
    const on = all.filter(one => [...one.attributes].some(a => a.name.startsWith("on")));
    const strange = document.querySelectorAll(
        "script:not([src^='/static/']), iframe, object, embed, base, main img, main link");
    const led = [...document.querySelectorAll("[href], [src], [action]")].map(
        one => one.getAttribute("href") || one.getAttribute("src") || one.getAttribute("action") || "");
    return [...on, ...strange].map(one => one.outerHTML.slice(0, 200)).concat(led.filter(
        one => one && !/^(\\/(?!\\/)|\\?|#|data:,)/.test(one) && !(law && /^https:/.test(one))));
}"""
FORMS = "all => all.map(one => [one.getAttribute('action') || '', one.matches('.ow-clocks')])"
FILLED = """(form, [words, today]) => {
    const free = "textarea, input[type=text], input[type=search], input[type=tel], input:not([type])";
    for (const one of form.querySelectorAll(free)) one.value = words;
    for (const one of form.querySelectorAll("input[type=email]")) { one.type = "text"; one.value = words; }
    for (const one of form.querySelectorAll("input[type=password]")) one.value = words;
    for (const one of form.querySelectorAll("input[type=date]")) one.value = today;
    for (const one of form.querySelectorAll("select")) if (!one.value && one.options.length > 1) one.selectedIndex = 1;
    for (const one of [...form.querySelectorAll("input[type=radio], input[type=checkbox]")].reverse()) one.checked = true;
    for (const one of form.querySelectorAll("[required], [max]")) { one.required = false; one.removeAttribute("max"); }
    form.noValidate = true;
}"""


def hostile_row(table: type[Table]) -> dict[str, Any]:
    """A row of the table with hostile words wherever words may stand."""
    row: dict[str, Any] = {"key": f"{schema.name(table)} {SHORT}", "since": SINCE}
    for name, column in schema.columns(table).items():
        if name in {*schema.OWN, *row, "until"} or isinstance(column, (Bytea, Boolean)):
            continue
        if isinstance(column, Date):
            row |= {name: SINCE} if column._meta.required else {}
            continue
        target = schema.links(table).get(name)
        if target:
            row |= {name: f"{target} {SHORT}"} if target not in LEFT_OUT else {}
        elif column._meta.choices is not None:
            row[name] = next(iter(column._meta.choices)).value
        elif is_country(column):
            row[name] = "US"
        elif is_moment(column):
            row[name] = "2999-01-01T00:00Z"
        elif isinstance(column, Array):
            among = column.base_column._meta.choices
            row[name] = [next(iter(among)).value] if among else [LONG, SHORT]
        elif isinstance(column, (BigInt, Integer)) or isinstance(column, ForeignKey):
            continue
        else:
            row[name] = LONG if isinstance(column, Text) else SHORT[: getattr(column, "length", 80)]
    return row


def test_hostile_words_run_nowhere_and_fetch_nothing(browser: Screens, site: Site, folder: Path, chance: random.Random) -> None:
    """In every text column of every table by file, and in every text field of every form, on every page.

    Of the pages that are alike for each table, `make test` looks at those of some tables, as its seed draws them.
    """
    tables = [table for table in schema.tables() if schema.name(table) not in LEFT_OUT]
    file = folder / "hostile.json"
    file.write_text(json.dumps({schema.name(table): [hostile_row(table)] for table in tables}))
    site.onward("import", "register", str(file))
    ran: list[str] = []
    shown: set[str] = set()
    drawn = set(some(chance, [schema.name(table) for table in tables], 3))
    for role, start, within in (
        ("dpo", "/", "/"),
        ("admin", "/people", "/people"),
        ("procurement", "/vendors/new", "/vendors/new"),
    ):
        person = browser.person(role)
        _heard(person, ran)
        _crawled(person, start, within, drawn, ran, shown)
        person.complaints[:] = [said for said in person.complaints if "status of 4" not in said]
    assert not ran, "\n".join(dict.fromkeys(ran))
    assert len(shown) > 20, "the words are really shown"


def _heard(person: Person, ran: list[str]) -> None:
    """Whatever opens a dialog, breaks the policy or asks for anything of another origin is written down."""

    def asked(request: Any) -> None:
        if not request.url.startswith((person.site.url, "data:")):
            ran.append(f"fetched {request.url} on {person.page.url}")

    def opened(dialog: Any) -> None:
        ran.append(f"dialog {dialog.message} on {person.page.url}")
        dialog.dismiss()

    person.context.route(
        "**/tabler.min.css", lambda route: route.fulfill(content_type="text/css", body="")
    )  # what it looks like is not asked here
    person.context.on("request", asked)
    person.page.on("dialog", opened)
    person.page.on("console", lambda said: ran.append(said.text) if "Content Security Policy" in said.text else None)


def _crawled(person: Person, start: str, within: str, drawn: set[str], ran: list[str], shown: set[str]) -> None:
    """Every page that links lead to, one by one; every form on it that was not seen yet, sent full of hostile words."""
    waiting, seen, sent = [start], {start}, set()
    for address in waiting:
        answer = person.page.goto(person.site.url + address, wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status < 500, (address, answer.status)
        landed = person.page.url
        _looked(person, ran)
        shown |= {urlsplit(person.page.url).path} if "evil.example" in person.page.inner_text("main") else set()
        links = person.page.eval_on_selector_all(
            "a[href^='/']:not([href^='/download/'], [download])", "all => all.map(one => one.getAttribute('href'))"
        )
        fresh = [link.partition("#")[0] for link in links if link.startswith(within)]
        for link in sorted(dict.fromkeys(fresh), key=lambda link: "%3Cscript%3E" not in link):  # a hostile key before others
            if _wanted(link, seen) and _drawn(link, drawn):
                waiting.append(link)
                seen.add(link)
        moved = False
        for action, clocks in person.page.eval_on_selector_all("form", FORMS):
            shape = "clocks" if clocks else _shape(action or address)  # the clock bar is the same form on every page
            if shape not in sent and not action.endswith(ENDS):
                sent.add(shape)
                if moved:
                    person.page.goto(landed, wait_until="domcontentloaded")
                _sent(person, action, clocks, ran)
                moved = True


def _sent(person: Person, action: str, clocks: bool, ran: list[str]) -> None:
    forms = person.page.eval_on_selector_all("form", FORMS)
    form = person.page.locator("form").nth(forms.index([action, clocks]))
    form.evaluate(FILLED, [LONG, SINCE])
    with person.page.expect_navigation(wait_until="domcontentloaded"):
        form.evaluate("form => HTMLFormElement.prototype.requestSubmit.call(form)")
    _looked(person, ran)


def _looked(person: Person, ran: list[str]) -> None:
    person.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    ran += [f"{one} on {person.page.url}" for one in person.page.evaluate(LOOKS)]
    assert "4267635650" not in person.page.content(), "a template in what was typed is not run"


def _shape(address: str) -> str:
    """An address with whatever names a thing in it left out: its first and last parts."""
    parts = urlsplit(address).path.split("/")
    kind = parts[2] if parts[1:2] == ["records"] and len(parts) > 2 else ""
    return f"{parts[1] if len(parts) > 1 else ''} {kind} {len(parts)} {parts[-1] if len(parts) > 3 else ''}"


def _drawn(link: str, drawn: set[str]) -> bool:
    parts = urlsplit(link).path.split("/")
    return parts[1:2] != ["records"] or len(parts) < 3 or parts[2] in drawn


def _wanted(link: str, seen: set[str]) -> bool:
    """Of every kind of page one."""
    path = urlsplit(link).path
    return not any(_shape(one) == _shape(path) for one in seen)
