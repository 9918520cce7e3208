"""The fall of Privacy Shield, as the people of the register live through it: on the pages, and in the mail."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from assessments.deliveries import deliver
from registry import law
from tests.served import Person, apart, free_port, screens, served, tell, walk
from tests.support import Register, environment

LAST, DAY, AFTER = "2020-07-15", "2020-07-16", "2020-07-17"
SHIELD = "EU-U.S. Privacy Shield"
CLAUSES = "Standard contractual clauses of 2010, controller to processor"


class Post:
    """What the SMTP server was handed."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    post, port = Post(), free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield post, port
    controller.stop()


def verdict(person: Person, transfer: str, query: str = "") -> str:
    """The first verdict on the transfer's page."""
    page = person.goes(f"/transfers/{transfer}{query}")
    shown = page.locator("section", has_text="Verdict").first.locator("[data-outcome]").first
    return str(shown.get_attribute("data-outcome"))


def record(auditor: Person, on: str, known: str) -> dict[str, Any]:
    """The auditor's record as it is taken away on the clocks."""
    auditor.goes(f"/records?on={on}&known={known}")
    with auditor.page.expect_download() as coming:
        auditor.page.click("a[href^='/download/art30_controller/json']", no_wait_after=True)
    taken: dict[str, Any] = json.loads(coming.value.path().read_text())
    return taken


def of_the_vendor(taken: dict[str, Any]) -> list[str]:
    """Every sentence of a record in which the vendor stands, on no clock's own account."""

    def sentences(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for one in value.values():
                yield from sentences(one)
        elif isinstance(value, list):
            if any(isinstance(one, str) and "Postbird" in one for one in value):
                yield json.dumps(value)
            for one in value:
                yield from sentences(one)
        elif isinstance(value, str) and "Postbird" in value:
            yield value

    return sorted(set(sentences(taken)))


def test_the_day_comes(register: Register, folder: Path, post: tuple[Post, int]) -> None:
    box, smtp = post
    port = free_port()
    mail = {
        "ONWARD_SMTP": f"smtp://127.0.0.1:{smtp}",
        "ONWARD_MAIL_FROM": "onward@larkfield.example",
        "ONWARD_URL": f"http://127.0.0.1:{port}",
    }

    def delivered() -> int:
        with environment(**mail):
            return int(apart(lambda: register.do(lambda: deliver(law.load()))).sent)

    def watched(day: str) -> None:
        apart(lambda: register.onward("watch", "--on", day))

    tell(register, "2020-07-14")
    with served(register, folder, port, **mail) as site, screens(site) as browser:
        procurement, dpo, auditor = (browser.person(role) for role in ("procurement", "dpo", "auditor"))
        key = walk(procurement, "Postbird Mail, Inc.")
        transfer = register_key(register, key)
        page = dpo.goes(f"/vendors/{key}/gate")
        page.check("[name=standing][value=approved_with_conditions]")
        page.fill("#conditions", "The listing is looked up again each quarter")
        page.fill("#last_day", "2020-12-31")
        page.fill("#why", "It is on the list, and its contract is signed")
        dpo.press("Record the decision")
        assert verdict(dpo, transfer) == "permitted"
        watched(LAST)
        assert verdict(dpo, transfer) == "permitted"
        assert SHIELD in dpo.text()
        delivered()
        box.got.clear()
        before_the_fall = record(auditor, LAST, LAST)

        site.onward("watch", "--on", DAY)
        assert verdict(dpo, transfer) == "not_permitted"
        assert "C-311/18" in dpo.text()
        fallen = [
            one
            for one in dpo.goes("/alerts").locator("article").all_inner_texts()
            if "Raised 16 Jul 2020" in one and "para. 202" in one
        ]
        assert len(fallen) == 1, f"one cause, one alert: {fallen}"
        assert "C-311/18" in fallen[0] or "rivacy" in fallen[0], fallen[0]
        delivered()
        to_dpo = [one for one in box.got if one.rcpt_tos == [site.people["dpo"][0]]]
        assert len(to_dpo) == 1
        said = message_from_bytes(to_dpo[0].content, policy=default).get_body(("plain",))
        assert said is not None
        what = next(line for line in fallen[0].splitlines() if "read otherwise" in line)
        assert " ".join(what.split()) in " ".join(said.get_content().split())
        received = len(box.got)
        watched(DAY)
        assert delivered() == 0
        assert len(box.got) == received, "nothing twice"
        again = [
            one
            for one in dpo.goes("/alerts").locator("article").all_inner_texts()
            if "Raised 16 Jul 2020" in one and "para. 202" in one
        ]
        assert again == fallen

        watched(AFTER)
        verdict(procurement, transfer)
        procurement.page.get_by_role("link", name="Add a safeguard").click()
        signed(procurement, key, AFTER)
        assert verdict(dpo, transfer) == "not_permitted"
        assert "No impact assessment" in dpo.text(), (
            "clauses alone carry nothing since the judgment: it asks for the assessment"
        )
        verdict(procurement, transfer)
        procurement.page.get_by_role("link", name="Record an impact assessment").click()
        assessed(procurement, AFTER)
        assert verdict(dpo, transfer) == "permitted"
        assert CLAUSES in dpo.text()
        assert verdict(dpo, transfer, f"?on={DAY}") == "not_permitted", "the day between stays bare"

        of_the_fall = record(auditor, AFTER, AFTER)
        then, now = of_the_vendor(before_the_fall), of_the_vendor(of_the_fall)
        assert any(SHIELD in said and "permitted" in said for said in then)
        assert not any(CLAUSES in said for said in then)
        assert any(f"permitted, {CLAUSES}" in said for said in now)
        assert any(f"{LAST}: covered" in said and f"{DAY} to {DAY}: bare" in said for said in now), now
        assert record(auditor, LAST, LAST) == before_the_fall, "what was known on the day stays what was known"

        late(procurement, register, key)
        assert verdict(dpo, transfer, f"?on={LAST}") == "not_permitted", "valid on the day: the listing had lapsed"
        assert verdict(dpo, transfer, f"?on={LAST}&known={LAST}") == "permitted", "known on the day: nobody knew"
        assert record(auditor, LAST, LAST) == before_the_fall
        assert of_the_vendor(record(auditor, LAST, AFTER)) != then
        watched("2020-07-18")
        told = [one for one in dpo.goes("/alerts").locator("article").all_inner_texts() if "Raised 18 Jul 2020" in one]
        assert [one for one in told if "The past reads otherwise" in one and "Postbird" in one], told


def register_key(register: Register, vendor: str) -> str:
    """The key of the one transfer to the vendor's seat."""
    found = apart(lambda: register.ask("select key from transfer where key like $1 || '%'", vendor))
    assert len(found) == 1
    return str(found[0]["key"])


def signed(person: Person, vendor: str, day: str) -> None:
    """Clauses between us and the vendor, as the form of a new safeguard takes them."""
    page = person.page
    assert page.url.split("?")[0].endswith("/records/safeguard/new")
    assert page.input_value("[name=engagement]").startswith(vendor), "the engagement stands there already"
    assert page.input_value("[name=exporter]") == "larkfield-us"
    assert page.input_value("[name=importer]").startswith(vendor)
    page.select_option("[name=instrument]", "eu-scc-2010-c2p")
    page.select_option("[name=state]", "signed")
    page.select_option("[name=rank]", "primary")
    page.fill("[name=concluded_on]", day)
    page.fill("[name=since]", day)
    person.press("Record")
    assert "/records/safeguard/new" not in page.url, person.text()


def assessed(person: Person, day: str) -> None:
    """What was concluded about the route, as the form of a new impact assessment takes it from the transfer's page."""
    page = person.page
    assert page.url.split("?")[0].endswith("/records/impact_assessment/new")
    page.select_option("[name=outcome]", "problematic")
    page.select_option("[name=measures]", "effective")
    page.fill("[name=measures_taken]", "Addresses are encrypted before they leave; the keys stay with us")
    page.fill("[name=since]", day)
    person.press("Record")
    assert "/records/impact_assessment/new" not in page.url, person.text()


def late(person: Person, register: Register, vendor: str) -> None:
    """The listing had lapsed on 1 July; it is recorded on the 17th only."""
    found = apart(lambda: register.ask("select key from certification where key like $1 || '%'", vendor))
    page = person.goes(f"/records/certification/{found[0]['key']}/edit")
    page.check("[name=kind][value=changed]")
    page.fill("[name=on]", "2020-07-01")
    page.select_option("[name=status]", "inactive_lapse")
    person.press("Record")
    assert not page.url.endswith("/edit"), person.text()
