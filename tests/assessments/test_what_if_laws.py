"""What if, under several laws at once: each law is named and advised by its own instruments."""

from pathlib import Path
from typing import Any

from tests.support import Register, a_register

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
    return register.answer("what-if", *words, "--as-of", "2026-06-30")


def fates(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["transfer"], one["regime"], one["fate"]) for one in found["flows"]}


def test_a_list_that_holds_only_for_whom_another_names_falls_with_that_one(register: Register, folder: Path) -> None:
    register.load(under_three_laws(), folder)
    both = {("news", "EU_GDPR", "falls"), ("news", "UK_GDPR", "falls")}
    assert fates(asked(register, "--lapse", "c-eu")) == both
    assert fates(asked(register, "--lapse", "eu-us-dpf")) == both
    assert fates(asked(register, "--lapse", "uk-us-dpf-extension")) == {("news", "UK_GDPR", "falls")}
    assert fates(asked(register, "--annul", "eu-us-dpf")) == {("news", "EU_GDPR", "falls")}  # the list itself stands
