"""When each legal fact was last looked up, and which are overdue: by the files, and by what a person recorded since.

A fact is whatever carries a citation: an instrument, what happens to it, its scope, a membership, a step of a signal, a
paragraph of a dossier. Its name here is what a re-verification is recorded by.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from registry.law import Pack, dossiers, signals
from registry.law.files import VERIFY_EVERY, WEAKEST_FIRST, Cited

TOLD_APART = (("what", "effect"), ("fact",), ("area",))


class Overdue(msgspec.Struct, frozen=True):
    """A fact that is to be looked up again: when somebody last looked, by the file or by a later word."""

    fact: str
    of: str  # the instrument, the signal, the country, the dossier
    grade: str
    verified_on: date
    citation: str


class Fact(msgspec.Struct, frozen=True):
    """A citation on file, and what it is of: the key of an instrument or signal, a country, or its dossier."""

    of: str
    cited: Cited


def facts(pack: Pack) -> dict[str, Fact]:
    """Every legal fact on file by its name. Raises LawError where a signal or a dossier is unsound."""
    found: dict[str, Fact] = {}
    for name, of, cited in _every(pack):
        number, own = 2, name
        while own in found:
            own, number = f"{name} ({number})", number + 1
        found[own] = Fact(of, cited)
    return found


def looked_up(pack: Pack, later: Mapping[str, date]) -> Callable[[Cited], date]:
    """When what a citation on file says was last looked up; `later` are the days that persons recorded."""
    names = {id(fact.cited): name for name, fact in facts(pack).items()}
    return lambda cited: max(cited.verified_on, later.get(names.get(id(cited), ""), date.min))


def ahead(pack: Pack, today: date) -> str | None:
    """The first fact that a file says was looked up on a day that has not come."""
    return next((name for name, fact in facts(pack).items() if fact.cited.verified_on > today), None)


def overdue(pack: Pack, today: date, later: Mapping[str, date]) -> list[Overdue]:
    """What must be looked up again by today, the weakest grade first; `later` are the days that persons recorded.

    A day counts where it is later than the file's. S1 is due after 365 days, S2 and M-h 180, S3 and M-m 90, M-l 60.
    """
    found = []
    for name, fact in facts(pack).items():
        looked = max(fact.cited.verified_on, later.get(name, date.min))
        if (today - looked).days >= VERIFY_EVERY[fact.cited.grade]:
            found.append(Overdue(name, fact.of, fact.cited.grade, looked, fact.cited.citation))
    return sorted(found, key=lambda one: (WEAKEST_FIRST.index(one.grade), one.verified_on, one.fact))


def _every(pack: Pack) -> Iterator[tuple[str, str, Cited]]:
    for member in pack.memberships:
        yield f"{member.country} {member.area} {member.since}", member.country, member
    for one in pack.instruments.values():
        yield one.key, one.key, one
        for field in one.__struct_fields__:
            for part in _cited(getattr(one, field)):
                yield _named(one.key, "" if field == "events" else field, part), one.key, part
    for policy in pack.policies:
        yield f"policy {policy.key}", "policy", policy
    for signal in signals.load(pack):
        if signal.kind != "sunset":  # which is an event of its instrument
            for step in signal.steps:
                yield f"{signal.key} {step.known}", signal.key, step
    for country, dossier in dossiers.load(pack).items():
        for paragraph in dossier.paragraphs:
            yield f"{country} paragraph {paragraph.number} {paragraph.known}", dossier_of(country), paragraph


def dossier_of(country: str) -> str:
    """What the facts of a country's dossier are of; its memberships are of the country."""
    return f"dossier {country}"


def _cited(value: Any) -> Iterable[Cited]:
    return [part for part in value if isinstance(part, Cited)] if isinstance(value, tuple) else []


def _named(key: str, word: str, part: Cited) -> str:
    """What a part of an instrument is called: `eu-adequacy-gb sunset 2031-12-28`, `eu-adequacy-ca scope pipeda`."""
    told = next((names for names in TOLD_APART if all(hasattr(part, name) for name in names)), ())
    return " ".join(text for text in (key, word, *(str(getattr(part, name)) for name in told)) if text)
