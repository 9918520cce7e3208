"""What if, under several laws at once: each law is named and advised by its own instruments."""

from datetime import date
from pathlib import Path
from typing import Any

from assessments.what_to_do import to_sign
from tests.assessments.test_rules import PACK, TODAY
from tests.support import Register, a_register
from tests.web import browse

SINCE = "2023-11-01"


def listed(key: str, framework: str) -> dict[str, Any]:
    until = {"status": "active", "covers_non_hr": True, "next_due": "2027-05-01"}
    return {"key": key, "party": "mailer", "framework": framework, "since": SINCE, **until}


def under_three_laws() -> dict[str, list[dict[str, Any]]]:
    """The house sends under three laws to a vendor that is listed under two of them."""
    scopes = [("DE", "established"), ("GB", "offers_or_monitors"), ("CH", "offers_or_monitors")]
    return a_register(
        regime_scope=[
            {"key": f"s-{where}", "party": "house", "basis": basis, "territory": where, "since": "2018-05-25"}
            for where, basis in scopes
        ],
        certification=[listed("c-eu", "eu-us-dpf"), listed("c-uk", "uk-us-dpf-extension")],
    )


def asked(register: Register, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = register.answer("what-if", *words, "--as-of", "2026-06-30")
    return found


def fates(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["transfer"], one["regime"], one["fate"]) for one in found["flows"]}


def test_a_list_that_holds_only_for_whom_another_names_falls_with_that_one(register: Register, folder: Path) -> None:
    register.load(under_three_laws(), folder)
    both = {("news", "EU_GDPR", "falls"), ("news", "UK_GDPR", "falls")}
    assert fates(asked(register, "--lapse", "c-eu")) == both
    assert fates(asked(register, "--lapse", "eu-us-dpf")) == both
    assert fates(asked(register, "--lapse", "uk-us-dpf-extension")) == {("news", "UK_GDPR", "falls")}
    assert fates(asked(register, "--annul", "eu-us-dpf")) == {("news", "EU_GDPR", "falls")}  # the list itself stands


def test_each_law_is_named_and_advised_by_what_it_offers_itself(register: Register, folder: Path) -> None:
    three = under_three_laws()
    three["certification"].append(listed("c-ch", "swiss-us-dpf"))
    register.load(three, folder)
    words = ["--annul", "eu-us-dpf", "--annul", "uk-us-dpf-extension", "--annul", "swiss-us-dpf"]
    found = asked(register, *words)
    offered = {line.partition(":")[0]: line for line in found["to_do"] if line.startswith("Under ")}
    assert set(offered) == {"Under EU GDPR", "Under UK GDPR", "Under CH FADP"}
    assert "standard contractual clauses of 2021 for Mailer" in offered["Under EU GDPR"]
    assert "UK Addendum" in offered["Under UK GDPR"]
    assert "international data transfer agreement" in offered["Under UK GDPR"]
    assert "standard contractual" not in offered["Under UK GDPR"]
    assert "with the Swiss amendments" in offered["Under CH FADP"]
    text = register.onward("what-if", *words, "--as-of", "2026-06-30")
    assert all(law in text for law in ("EU GDPR", "UK GDPR", "CH FADP"))
    (annulled,) = [line for line in asked(register, *words, "--annul", "eu-scc-2021")["to_do"] if "EU GDPR" in line]
    assert "clauses of 2021" not in annulled
    assert "no clauses could be signed" in annulled


def test_clauses_of_another_module_are_concluded_anew_with_the_assessment_that_is_missing(
    register: Register, folder: Path
) -> None:
    wrong = {"key": "wrong", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M1"}
    wrong |= {"rank": "primary", "concluded_on": SINCE, "state": "signed", "since": SINCE}
    register.load(a_register(certification=[listed("c-eu", "eu-us-dpf")], safeguard=[wrong]), folder)
    (said,) = [line for line in asked(register, "--annul", "eu-us-dpf")["to_do"] if "EU GDPR" in line]
    assert "conclude the standard contractual clauses of 2021 anew for Mailer" in said
    assert ", with a transfer impact assessment, by " in said


def test_clauses_that_are_annulled_are_not_to_be_assessed(register: Register, folder: Path) -> None:
    signed = {"exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2", "rank": "primary"}
    signed |= {"key": "signed", "concluded_on": "2023-11-01", "state": "signed", "since": SINCE}
    register.load(under_three_laws() | {"safeguard": [signed]}, folder)
    (one,) = [line for line in asked(register, "--annul", "eu-us-dpf")["to_do"] if "EU GDPR" in line]
    assert "complete the transfer impact assessment" in one
    (two,) = [line for line in asked(register, "--annul", "eu-us-dpf", "--annul", "eu-scc-2021")["to_do"] if "EU GDPR" in line]
    assert "no clauses could be signed" in two


def test_a_law_of_which_leads_alone_are_known_gives_no_clauses_to_sign() -> None:
    law = PACK.on(date(2026, 6, 30), TODAY)
    leading = {one.regimes[0] for one in PACK.instruments.values() if one.kind == "regime" and one.leads}
    assert "BR_LGPD" in leading
    assert not [regime for regime in leading if to_sign(law, regime)]
    assert [one.key for one in to_sign(law, "UK_GDPR")] == ["uk-addendum", "uk-idta"]


def test_who_decides_further_down_is_said(register: Register, folder: Path) -> None:
    below = {"key": "below", "processor": "mailer", "sub_processor": "helper", "country": "IN", "how": "accessed"}
    three = under_three_laws() | {"sub_processing": [below | {"bound_alike": True, "since": SINCE}]}
    three["party"].append({"key": "helper", "name": "Helper Ltd", "country": "IN", "since": SINCE})
    register.load(three, folder)
    found = asked(register, "--move", "mailer=DE")
    fallen = [one for one in found["flows"] if one["fate"] == "falls"]
    assert {(one["regime"], one["decides"], one["decided"]) for one in fallen} == {
        ("EU_GDPR", "Helper Ltd", None),
        ("UK_GDPR", "Helper Ltd", None),
    }
    lines = register.onward("what-if", "--move", "mailer=DE", "--as-of", "2026-06-30").splitlines()
    assert any("EU GDPR" in line and "because of Helper Ltd" in line for line in lines)
    assert not any("not permitted" in line and " eea " in line for line in lines)
    joined = asked(register, "--adopt", "IN")
    assert joined["counts"]["caught"] == 0


def test_the_page_takes_what_the_command_takes_and_the_clocks_keep_the_question(register: Register, folder: Path) -> None:
    register.load(under_three_laws(), folder)

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        page = await auditor.get("/what-if?adopt=BR%3DUK_GDPR&adopt=IN&on=2026-06-30")
        assert page.status_code == 200
        for words in ("A decision on adequacy for Brazil", "A decision on adequacy for India", "Supposed"):
            assert words in page.text, words
        assert 'option value="BR" selected' in page.text
        assert 'option value="UK_GDPR" selected' in page.text
        assert 'name="adopt" value="IN=EU_GDPR"' in page.text
        assert 'href="?adopt=BR%3DUK_GDPR&amp;adopt=IN">Back to today' in page.text
        assert 'href="?on=2020-07-15&amp;adopt=BR%3DUK_GDPR' in page.text
        assert (await auditor.get("/what-if?adopt=IN&adopt_law=UK_GDPR")).status_code == 200
        nowhere = await auditor.get("/what-if?adopt=BR%3DNOWHERE")
        assert nowhere.status_code == 422
        assert "no law is called" in nowhere.text
        moved = await auditor.get("/what-if?move=mailer%3Din&on=2026-06-30")
        assert moved.status_code == 200
        assert "Mailer, Inc. moves to India" in moved.text
        assert "under UK GDPR" in moved.text
        assert 'href="?">Back to today' in (await auditor.get("/transfers?on=2026-06-30")).text

    browse(register, work)
