"""Every page that the data protection officer reaches by links, in light and in dark, as axe reads it.

`make test` looks at the colours of the dark on one page in three, as its seed draws them.
"""

import io
import json
import random
import re
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image

from assessments.app import routes
from tests.served import PHONE, Person, Screens
from tests.support import some

BOTH: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GRAVE = {"serious", "critical"}
FILES = {
    "/bundle",
    "/download/{name:str}/{fmt:str}",
    "/documents/{key:str}",
    "/audit/sample/csv",
    "/checkpoints/{number:int}/note",
    "/transfers/{key:str}/coverage",
}
ASKED = {  # pages that say most when they are asked something
    "/audit/sample": "/audit/sample?of=transfer&size=3&seed=a",
    "/audit/verification": "/audit/verification?run=yes",
    "/records/{table:str}/{key:str}": "/records/vendor/mailchimp",
    "/what-if": "/what-if?annul=eu-us-dpf&on=2026-06-30",
}
NO_PAGES = {*FILES, "/vendors/new/alike"}  # a part of a page
MAIN = ("/", "/vendors", "/vendors/mailchimp", "/transfers", "/reviews", "/vendors/new", "/audit", "/checkpoints")
NOT_BY_LINK = {"/sign-in"}


@pytest.fixture(scope="module")
def until() -> None:
    """The whole of the demo's history."""


def patterns() -> dict[str, re.Pattern[str]]:
    """The addresses that are looked at, by pattern; the one that says most comes first."""
    gets = {path for route in routes() if "GET" in route.http_methods for path in route.paths} - NO_PAGES
    ordered = sorted(gets, key=lambda path: (path.count("{"), path))
    return {path: re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)) for path in ordered}


def pattern(address: str) -> str | None:
    path = urlsplit(address).path
    return next((name for name, expression in patterns().items() if expression.fullmatch(path)), None)


def found_by_links(person: Person, known: dict[str, str]) -> list[str]:
    """What the page links to under a pattern that has no address yet."""
    links = person.page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    fresh = []
    for link in links:
        name = pattern(link) if link.startswith("/") else None
        if name and name not in known:
            known[name] = link
            fresh.append(link)
    return fresh


def findings(person: Person, where: str, schemes: tuple[Literal["light", "dark"], ...] = BOTH) -> list[str]:
    """What axe finds grave on the page in the first scheme, and in its colours in the other."""
    found = []
    person.page.evaluate(AXE_SCRIPT)
    for scheme in schemes:
        person.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        asked: dict[str, Any] = {"resultTypes": ["violations"]}
        if scheme != schemes[0]:  # of the same page nothing but its colours is another
            asked["runOnly"] = ["color-contrast"]
        answer: dict[str, Any] = person.page.evaluate(f"axe.run({json.dumps(asked)})")
        found += [
            f"{where} ({scheme}): {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:300]}"
            for one in answer["violations"]
            if one["impact"] in GRAVE
        ]
    return found


def _looked_at(person: Person, known: dict[str, str], waiting: list[str], chance: random.Random) -> list[str]:
    """What is found grave on these pages and on those they lead to, one of each pattern."""
    known |= {str(pattern(address)): address for address in waiting if pattern(address) not in known}
    grave: list[str] = []
    for address in waiting:
        person.goes(address)
        person.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        grave += findings(person, address, BOTH if some(chance, [True, False, False], 1)[0] else BOTH[:1])
        waiting += found_by_links(person, known)
    return grave


def test_axe_finds_nothing_grave_on_any_page(browser: Screens, chance: random.Random) -> None:
    dpo = browser.person("dpo", reduced_motion="reduce")
    draft = _begun(dpo)
    known = {"/": "/", "/vendors/new/{draft:str}/{step:str}": draft} | ASKED
    grave = _looked_at(dpo, known, list(known.values()), chance)
    grave += _looked_at(browser.person("admin", reduced_motion="reduce"), known, ["/people"], chance)
    for address in (draft.replace("what", "contract"), draft.replace("what", "check"), "/?on=2020-07-16&known=2020-07-15"):
        dpo.goes(address)
        grave += findings(dpo, address)
    assert set(patterns()) - set(known) <= NOT_BY_LINK, "a page that no link leads to"
    assert not grave, "\n".join(grave)


def test_axe_finds_nothing_grave_at_the_door_and_in_what_went_wrong(browser: Screens) -> None:
    dpo = browser.person("dpo", reduced_motion="reduce")
    dpo.goes("/vendors/new")
    dpo.press("Keep and go on")
    assert "Nothing was lost" in dpo.text()
    grave = findings(dpo, "/vendors/new with what is wrong")
    dpo.page.goto(f"{browser.site.url}/vendors/nobody")
    grave += findings(dpo, "an address of nothing")
    dpo.press("Sign out")
    grave += findings(dpo, "/sign-in")
    assert all(re.search(r"status of (404|422)", said) for said in dpo.complaints), "the refusals that were asked for alone"
    dpo.complaints.clear()
    assert not grave, "\n".join(grave)


def test_axe_finds_nothing_grave_on_the_main_pages_of_a_phone(browser: Screens) -> None:
    dpo = browser.person("dpo", reduced_motion="reduce", viewport=PHONE)
    grave: list[str] = []
    for name in MAIN:
        dpo.goes(name)
        dpo.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        grave += findings(dpo, f"{name} on a phone", ("light",))
        wide = dpo.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is wider than a phone by {wide}"
    assert not grave, "\n".join(grave)


def test_a_table_wider_than_a_phone_shows_at_which_edge_it_goes_on(browser: Screens) -> None:
    dpo = browser.person("dpo", reduced_motion="reduce", viewport=PHONE)
    dpo.goes("/vendors")
    region = dpo.page.get_by_role("region", name="Vendors")
    assert region.evaluate("one => one.scrollWidth > one.clientWidth"), "it is too wide to be seen whole"
    for scheme in ("light", "dark"):
        dpo.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        region.evaluate("one => one.scrollTo(0, 0)")
        left, right = _edges(region.screenshot())
        assert right > left + 30, f"{scheme}: more stands to the right"
        region.evaluate("one => one.scrollTo(9999, 0)")
        left, right = _edges(region.screenshot())
        assert left > right + 30, f"{scheme}: and then to the left"


def _edges(picture: bytes) -> tuple[float, float]:
    """How far the ground just within the left and the right edge is from the ground between, in steps of grey."""
    seen = Image.open(io.BytesIO(picture)).convert("L")
    left, middle, right = (
        sorted(seen.crop((x, 0, x + 1, seen.height)).tobytes())[seen.height // 2] for x in (5, seen.width // 2, seen.width - 6)
    )
    return abs(left - middle), abs(right - middle)


def _begun(person: Person) -> str:
    """A draft of a vendor, at its second step."""
    page = person.goes("/vendors/new")
    page.fill("[name='party.name']", "Zebrafinch Analytics GmbH")
    page.fill("[name='party.website']", "zebrafinch.example")
    page.select_option("[name='party.country']", "DE")
    person.press("Keep and go on")
    return urlsplit(page.url).path
