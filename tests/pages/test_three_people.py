"""Procurement registers, the data protection officer decides, the auditor takes the record away: on each screen."""

import csv
import io
import json
import random
from collections.abc import Callable

from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.served import PHONE, WIDE, Person, Screens, Site, apart, walk
from tests.support import some

SCREENS = {
    "Postbird Mail, Inc.": {"viewport": WIDE, "java_script_enabled": True},
    "Quillfeather Letters, Inc.": {"viewport": WIDE, "java_script_enabled": False},
    "Zebrafinch Dispatch, Inc.": {"viewport": PHONE, "java_script_enabled": True},
    "Umbrella Courier, Inc.": {"viewport": PHONE, "java_script_enabled": False},
}
ALL_FORMATS = {"Umbrella Courier, Inc."}  # a phone without scripts: printing takes long


def test_a_vendor_is_registered_decided_on_and_in_the_record(browser: Screens, chance: random.Random) -> None:
    """On a wide screen and on a phone, with scripts and without; each person signs in once and changes screens.

    `make test` takes a phone without scripts and another screen, as its seed draws it.
    """
    others = some(chance, sorted(SCREENS.keys() - ALL_FORMATS), 1)
    for name in (*others, *ALL_FORMATS):
        screen = SCREENS[name]
        key = _registered(browser.person("procurement", **screen), name)
        _decided(browser.person("dpo", **screen), key)
        auditor = browser.person("auditor", **screen)
        auditor.goes("/records")
        for fmt in READ if name in ALL_FORMATS else ("csv",):
            assert name.split()[0] in READ[fmt](_taken(auditor, fmt)), f"{name}: {fmt}"


def _registered(procurement: Person, name: str) -> str:
    key = walk(procurement, name)
    assert "Undecided" in procurement.text()
    assert "EU-U.S. Privacy Shield" in procurement.text()
    gate = procurement.goes(f"/vendors/{key}/gate")
    assert gate.get_by_role("button", name="Record the decision").count() == 0, "deciding is not procurement's"
    return key


def _decided(dpo: Person, key: str) -> None:
    page = dpo.goes(f"/vendors/{key}/gate")
    page.check("[name=standing][value=approved_with_conditions]")
    page.fill("#conditions", "Encryption at rest is confirmed in writing by the end of the year")
    page.fill("#last_day", "2026-12-31")
    page.fill("#why", "The findings are answered by the condition")
    dpo.press("Record the decision")
    assert "Approved with conditions by Ilya Sorokin" in dpo.text()
    assert "Encryption at rest is confirmed" in dpo.goes(f"/vendors/{key}").inner_text("main")


def test_a_step_of_the_bar_and_the_key_enter_keep_what_was_typed(browser: Screens) -> None:
    procurement = browser.person("procurement")
    page = procurement.goes("/vendors/new")
    page.fill("[name='party.name']", "Half Hearted, Inc.")
    page.select_option("[name='party.country']", "US")
    procurement.press("Keep and go on")
    page.fill("[name='vendor.service']", "Sends letters")
    procurement.press("Where do the data go?")
    assert page.url.endswith("/where")
    procurement.press("What is it for?")
    assert page.input_value("[name='vendor.service']") == "Sends letters"
    procurement.press("Who is it?")
    with page.expect_navigation():
        page.press("[name='party.name']", "Enter")
    assert page.url.endswith("/what"), "Enter goes on"


def test_whoever_registered_a_vendor_does_not_decide_about_it(browser: Screens) -> None:
    dpo = browser.person("dpo")
    key = walk(dpo, "Larkspur Letters Ltd.", shield=False)
    page = dpo.goes(f"/vendors/{key}/gate")
    assert "You registered this vendor: somebody else decides about it." in dpo.text()
    assert page.get_by_role("button", name="Record the decision").count() == 0
    form = {"standing": "approved_with_conditions", "conditions": "None", "why": "It is mine", "last_day": "2026-12-31"}
    token = page.locator("[name=_csrf_token]").first.get_attribute("value") or ""
    refused = page.request.post(f"{browser.site.url}/vendors/{key}/gate", form={**form, "_csrf_token": token})
    assert refused.status == 422
    assert "None yet." in dpo.goes(f"/vendors/{key}/gate").inner_text("main")


def test_procurement_is_refused_at_the_gate_even_past_the_page(browser: Screens) -> None:
    procurement = browser.person("procurement")
    page = procurement.goes("/vendors/mailchimp/gate")
    token = page.locator("[name=_csrf_token]").first.get_attribute("value") or ""
    form = {"standing": "approved", "why": "In a hurry", "_csrf_token": token}
    assert page.request.post(f"{browser.site.url}/vendors/mailchimp/gate", form=form).status == 403


def test_passwords_are_as_dear_to_guess_as_they_are_to_be(site: Site) -> None:
    """Within the tests' own process they are cheap (`tests/conftest.py`), in the server they are not."""
    hashes = [row[0] for row in apart(lambda: site.register.ask("select password_hash from credential"))]
    assert hashes
    assert all(one.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for one in hashes)


def _taken(person: Person, fmt: str) -> bytes:
    with person.page.expect_download(timeout=90_000) as coming:  # a PDF is set in a process of its own
        person.page.click(f"a[href^='/download/art30_controller/{fmt}']", no_wait_after=True)
    assert coming.value.suggested_filename == f"art30_controller-2020-07-14-known-2020-07-14.{fmt}"
    return coming.value.path().read_bytes()


def _pdf(content: bytes) -> str:
    assert content.startswith(b"%PDF-")
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def _xlsx(content: bytes) -> str:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])


def _csv(content: bytes) -> str:
    return str(list(csv.reader(io.StringIO(content.decode("utf-8-sig")))))


def _json(content: bytes) -> str:
    return json.dumps(json.loads(content))


READ: dict[str, Callable[[bytes], str]] = {"pdf": _pdf, "xlsx": _xlsx, "csv": _csv, "json": _json}
