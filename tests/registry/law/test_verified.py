"""When a legal fact is due to be looked up again: by its grade, by the files, and by what a person recorded since."""

from datetime import date, timedelta

import pytest

from registry import law
from registry.law import verified
from registry.law.files import VERIFY_EVERY, WEAKEST_FIRST

PACK = law.load()
FACTS = verified.facts(PACK)
FAR = date(2030, 1, 1)


def test_every_citation_on_file_is_a_fact_with_a_name_of_its_own() -> None:
    parts = sum(1 + len(one.events) + len(one.scope) + len(one.territory) for one in PACK.instruments.values())
    of_law = [fact for fact in FACTS.values() if fact.of in PACK.instruments]
    assert len(of_law) == parts
    assert {f"policy {one.key}" for one in PACK.policies} <= FACTS.keys()
    assert {one.country for one in PACK.memberships} <= {fact.of for fact in FACTS.values()}
    for name in ("eu-adequacy-gb", "eu-adequacy-gb sunset 2031-12-28", "eu-adequacy-ca scope pipeda", "HR EU 2013-07-01"):
        assert name in FACTS, name
    assert "eu-us-dpf-latombe 2025-12-22" in FACTS
    assert "US paragraph 5 2025-12-22" in FACTS


def test_what_is_overdue_comes_weakest_grade_first() -> None:
    found = verified.overdue(PACK, FAR, {})
    grades = [WEAKEST_FIRST.index(one.grade) for one in found]
    assert grades == sorted(grades)
    assert len(found) == len(FACTS)
    assert verified.overdue(PACK, date(2026, 10, 9), {}) == []


@pytest.mark.parametrize("grade", VERIFY_EVERY)
def test_a_fact_is_due_on_its_day_and_not_before(grade: str) -> None:
    one = next((name for name, fact in FACTS.items() if fact.cited.grade == grade), None)
    if one is None:
        assert grade == "M-l", "every other grade is on file"
        return
    due = FACTS[one].cited.verified_on + timedelta(days=VERIFY_EVERY[grade])
    before, on = ({found.fact for found in verified.overdue(PACK, day, {})} for day in (due - timedelta(days=1), due))
    assert (one in before, one in on) == (False, True)


def test_a_later_look_counts_and_an_earlier_one_does_not() -> None:
    name = "eu-adequacy-gb sunset 2025-12-28"
    file, day = FACTS[name].cited.verified_on, date(2027, 6, 1)

    def due(looked: date) -> bool:
        return name in {one.fact for one in verified.overdue(PACK, day, {name: looked})}

    every = timedelta(days=VERIFY_EVERY[FACTS[name].cited.grade])
    assert (due(day - every), due(day - every + timedelta(days=1))) == (True, False)
    earlier = verified.overdue(PACK, day, {name: file - timedelta(days=1)})
    assert next(one.verified_on for one in earlier if one.fact == name) == file
