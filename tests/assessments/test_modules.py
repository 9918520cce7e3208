"""Clauses signed in the wrong module: the sentence names the one that fits the two roles, on every day."""

from pathlib import Path
from typing import Any

import pytest

from assessments.wording import sentences
from registry import law
from tests.support import Register, a_register

SINCE = "2022-01-01"
M1 = {"key": "scc", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M1", "state": "signed"}
M1 |= {"rank": "primary", "concluded_on": SINCE, "since": SINCE}
TIA = {"key": "us", "exporter": "house", "importer": "mailer", "country": "US", "outcome": "ok", "since": SINCE}


def reasons(register: Register, day: str) -> tuple[dict[str, str], Any]:
    (one,) = register.answer("assess", "--as-of", day)
    return {reason["code"]: reason["text"] for reason in one["reasons"]}, one["next_change"]


@pytest.fixture
def signed(register: Register, folder: Path) -> Register:
    register.load(a_register(certification=[], safeguard=[M1], impact_assessment=[TIA]), folder)
    return register


def test_the_sentence_names_the_module_that_fits(signed: Register) -> None:
    said, _ = reasons(signed, "2022-06-01")
    assert said["MODULE_MISMATCH"] == (
        "Standard contractual clauses of 2021: the module signed does not fit the roles of House GmbH and Mailer, Inc. in this "
        "transfer; the one that does is Module 2 (controller to processor)."
    )


def test_a_day_on_which_another_module_fits_is_a_day_on_which_it_reads_otherwise(signed: Register, folder: Path) -> None:
    ours = {"key": "news", "our_role": "processor", "since": "2023-01-01", "entry": {"kind": "changed", "why": "so"}}
    signed.load({"processing_activity": [ours]}, folder)
    said, next_change = reasons(signed, "2022-06-01")
    assert "Module 2" in said["MODULE_MISMATCH"]
    assert next_change == "2023-01-01"
    said, _ = reasons(signed, "2023-01-01")
    assert "Module 3 (processor to processor)" in said["MODULE_MISMATCH"]


def test_what_was_relied_on_first_names_it_too(register: Register, folder: Path) -> None:
    register.load(a_register(safeguard=[M1 | {"since": "2019-01-01"}]), folder)
    register.load(
        {
            "certification": [
                {"key": "dpf", "party": "mailer", "framework": "eu-us-dpf", "status": "active"}
                | {"covers_non_hr": True, "since": "2023-07-17", "next_due": "2024-07-17"}
            ]
        },
        folder,
    )
    said, _ = reasons(register, "2023-08-01")
    assert "Module 2 (controller to processor)" in said["RELIED_ON_FAILS"]


def test_every_module_on_file_has_its_name() -> None:
    modules = {module for one in law.load().instruments.values() for module in one.roles}
    assert modules - {"any"} == sentences()["modules"].keys()
