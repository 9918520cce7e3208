"""Law files of an operator's own, in a folder: what makes a program's law another than the register's."""

from contextlib import AbstractContextManager
from pathlib import Path

from tests.support import environment

DECISION = """
key = "own-us"
title = "A decision of our own on the United States"
kind = "adequacy"
citation = "House rule 1"
source = "the house's own shelf"
grade = "S2"
verified_on = 2026-11-01
regimes = ["EU_GDPR"]
articles = { EU_GDPR = "45(1)" }
countries = ["US"]
mechanism = "ADEQUACY"

[[events]]
what = "in_force"
known = 2021-03-01
effect = 2021-03-01
citation = "House rule 1"
grade = "S2"
verified_on = 2026-11-01
"""
ELSEWHERE = DECISION.replace("own-us", "own-ke").replace('["US"]', '["KE"]')


def with_law(folder: Path, name: str, content: str) -> AbstractContextManager[None]:
    """Inside, this program brings one file of law more than it has."""
    own = folder / f"law-{name}"
    own.mkdir(exist_ok=True)
    (own / f"{name}.toml").write_text(content)
    return environment(ONWARD_LAW=str(own))
