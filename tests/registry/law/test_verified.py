"""When a legal fact is due to be looked up again: by its grade, by the files, and by what a person recorded since."""

from datetime import date, timedelta

import msgspec
import pytest

from registry import law
from registry.law import verified
from registry.law.files import VERIFY_EVERY, WEAKEST_FIRST, Scope

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
    for name, of in (
        ("eu-directive territory EFTA", "eu-directive"),
        ("eu-us-dpf-latombe 2025-12-22", "eu-us-dpf-latombe"),
        ("US paragraph 5 2025-12-22", "dossier US"),
        ("policy hr_coverage", "policy"),
    ):
        assert FACTS[name].of == of, name
    assert FACTS["eu-adequacy-gb sunset 2031-12-28"].cited in PACK.instruments["eu-adequacy-gb"].events


def test_facts_of_one_name_are_told_apart_by_number() -> None:
    (lgpd,) = PACK.instruments["eu-adequacy-br"].scope[:1]
    found = verified.facts(with_instrument("eu-adequacy-br", scope=(lgpd, *(again(lgpd, n) for n in (1, 2)))))
    named = {name: fact.cited.note for name, fact in found.items() if name.startswith("eu-adequacy-br scope")}
    assert named == {
        f"eu-adequacy-br scope {lgpd.fact}{end}": note for end, note in (("", lgpd.note), (" (2)", "1"), (" (3)", "2"))
    }


def again(scope: Scope, number: int) -> Scope:
    return msgspec.structs.replace(scope, note=str(number))


def with_instrument(key: str, **changed: object) -> law.Pack:
    """The pack with some fields of an instrument otherwise."""
    instruments = {**PACK.instruments, key: msgspec.structs.replace(PACK.instruments[key], **changed)}
    return law.Pack(msgspec.structs.replace(PACK.files, instruments=instruments))


def test_what_is_overdue_comes_weakest_grade_first() -> None:
    found = verified.overdue(PACK, FAR, {})
    grades = [WEAKEST_FIRST.index(one.grade) for one in found]
    assert grades == sorted(grades)
    assert len(found) == len(FACTS)
    assert verified.overdue(PACK, date(2026, 10, 9), {}) == []


@pytest.mark.parametrize(("grade", "days"), [("S1", 365), ("S2", 180), ("M-h", 180), ("S3", 90), ("M-m", 90), ("M-l", 60)])
def test_a_fact_is_due_on_its_day_and_not_before(grade: str, days: int) -> None:
    pack, one = with_instrument("eu-gdpr", grade=grade), PACK.instruments["eu-gdpr"]
    due = one.verified_on + timedelta(days=days)
    before, on = ({found.fact: found for found in verified.overdue(pack, day, {})} for day in (due - timedelta(days=1), due))
    assert "eu-gdpr" not in before
    assert on["eu-gdpr"] == verified.Overdue("eu-gdpr", "eu-gdpr", grade, one.verified_on, one.citation)


def test_when_a_citation_was_last_looked_up() -> None:
    one, other = PACK.instruments["eu-gdpr"], PACK.instruments["eu-us-dpf"]
    earlier, later = (one.verified_on + timedelta(days=days) for days in (-1, 1))
    for said, looked in ((later, later), (earlier, one.verified_on)):
        find = verified.looked_up(PACK, {"eu-gdpr": said})
        assert (find(one), find(other), find(one.events[0])) == (looked, other.verified_on, one.events[0].verified_on)
    of_no_law = msgspec.structs.replace(one, key="another")
    assert verified.looked_up(PACK, {"eu-gdpr": later})(of_no_law) == one.verified_on


def test_what_was_looked_up_on_a_day_to_come_is_found() -> None:
    last = max(fact.cited.verified_on for fact in verified.facts(PACK).values())
    assert verified.ahead(PACK, last) is None
    found = verified.ahead(PACK, last - timedelta(days=1))
    assert found is not None
    assert verified.facts(PACK)[found].cited.verified_on == last


def test_a_later_look_counts_and_an_earlier_one_does_not() -> None:
    name = "eu-adequacy-gb sunset 2025-12-28"
    file, day = FACTS[name].cited.verified_on, date(2027, 6, 1)

    def due(looked: date) -> bool:
        return name in {one.fact for one in verified.overdue(PACK, day, {name: looked})}

    every = timedelta(days=VERIFY_EVERY[FACTS[name].cited.grade])
    assert (due(day - every), due(day - every + timedelta(days=1))) == (True, False)
    earlier = verified.overdue(PACK, day, {name: file - timedelta(days=1)})
    assert next(one.verified_on for one in earlier if one.fact == name) == file
