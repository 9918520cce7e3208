"""What is unsound in the files of the law: one line each, naming file, place and remedy."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import msgspec

from registry.law.files import CHOICES, ENDS, FOREVER, Cited, Files, Instrument, Scope, begins, newest, reading
from registry.vocabulary import NUMBERS, ApprovedBy, Circumstance, DataKind, ImpactStandard, Purpose

# What a condition may ask about: the flow, the importer, the safeguard that is relied on, the circumstances recorded.
FACTS = frozenset(
    """automated country data purpose exporter_role pipeda appi_operator pipa lgpd covered_person gdpr_applies
    approved in_group commitments ch_amended filed""".split()
) | set(Circumstance)
WORDS: dict[str, set[str]] = {
    "data": {word.value for word in DataKind},
    "purpose": {word.value for word in Purpose},
    "exporter_role": {"controller", "processor"},
}
KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SAYS = {
    "title": "say what it is called",
    "citation": "say where it stands",
    "source": "say where to look it up again",
}
CODE = re.compile(r"[A-Z0-9_]{1,20}")  # of a law, as verdicts have it
LONGEST_KEY = 80  # signs, as verdicts and alerts have it
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # which no register keeps
HIDDEN = "holds a sign that cannot be read: take it out"
OF_COUNTRIES = {"adequacy", "framework", "inside", "rule"}  # kinds that are of some countries
AREAS = {"EU", "EEA", "EFTA"}
NOWHERE = "`citation` is empty: say where it stands"
EARLIEST = date(1900, 1, 1)  # of what the law may know or do


def illegible(one: Any) -> str | None:
    """The first text in a file, however deep, with a control sign in it, as Python writes it; None where there is none."""
    if isinstance(one, str):
        return ascii(one[:60]) if CONTROL.search(one) else None
    parts: Iterable[Any] = ()
    if isinstance(one, msgspec.Struct):
        parts = (getattr(one, name) for name in one.__struct_fields__)
    elif isinstance(one, dict):
        parts = (*one, *one.values())
    elif isinstance(one, (list, tuple)):
        parts = one
    return next((found for part in parts if (found := illegible(part))), None)


def faults(pack: Files) -> Iterator[str]:
    """What is unsound in a pack: one line each, naming file, place and remedy."""
    for one in pack.instruments.values():
        yield from (f"{one.key}.toml: {fault}" for fault in _faults(one, pack))
    for member in pack.memberships:
        place = f"memberships.toml: {member.country} in {member.area} since {member.since}"
        if member.country not in pack.codes:
            yield f"{place}: no such country: use an ISO 3166-1 code"
        yield from (f"{place}: {fault}" for fault in _unsound_period(member, member.since, member.until, member.known))
        for other in pack.memberships:
            if other is not member and other.country == member.country and other.since <= member.since < other.until:
                yield f"{place}: overlaps the membership since {other.since}: end that one first"
    if found := illegible((pack.memberships, pack.policies)):
        yield f"memberships.toml or policies.toml: {found} {HIDDEN}"
    yield from _unsound_choices(pack)
    decisions = [one for one in pack.instruments.values() if one.kind == "adequacy"]
    for index, decision in enumerate(decisions):
        for earlier in decisions[:index]:
            if overlap(decision, earlier):
                yield f"{decision.key}.toml: overlaps {earlier.key} for the same country: end that one with `superseded`"


def _faults(one: Instrument, pack: Files) -> Iterator[str]:
    yield from _unsound_texts(one, pack)
    if one.kind == "regime":
        yield from _unsound_regime(one)
    if one.countries and one.kind not in OF_COUNTRIES:
        yield f"`countries` is asked of {', '.join(sorted(OF_COUNTRIES))} alone: leave it out here"
    declared = {regime for other in pack.instruments.values() if other.kind == "regime" for regime in other.regimes}
    if not one.regimes or set(one.regimes) - declared:
        yield f"`regimes`: name some of {', '.join(sorted(declared))}"
    if not one.events:
        yield "no [[events]]: say at least when it came into force"
    elif all(event.what != "in_force" for event in one.events):
        yield "no event `in_force`: say when it came into force, and when that became known"
    if missing := set(one.regimes) - one.articles.keys():
        yield f"[articles] names no article for {', '.join(sorted(missing))}: name one"
    for regime, article in one.articles.items():
        if not article.strip():
            yield f"[articles] {regime} is empty: name one"
    yield from _unsound_words(one, pack)
    for field, codes in (("countries", one.countries), ("exporters", one.exporters)):
        for code in codes:
            if code not in pack.codes and code not in pack.countries.areas:
                yield f"`{field}`: {code!r} is no country code: use ISO 3166-1"
    yield from _unsound_events(one)
    for scope in one.scope:
        yield from _unsound_scope(scope, pack)
    if one.kind in {"adequacy", "framework"} and not one.countries:
        yield "`countries` is empty: name those it covers"
    if one.kind == "inside" and not one.countries and not one.scope:
        yield "neither `countries` nor a [[scope]]: say for which flows it holds"
    if one.requires is not None and one.requires not in pack.instruments:
        yield f"`requires`: no instrument is called {one.requires!r}: name the list that comes first"
    elif one.requires is not None and _in_a_circle(one, pack):
        yield f"`requires`: {one.requires!r} leads back to this one: name the list that comes first"
    if one.policy is not None and one.policy not in {policy.key for policy in pack.policies}:
        yield f"`policy`: no policy is called {one.policy!r}: put it into policies.toml"
    for where in one.territory:
        yield from (f"[[territory]]: {fault}" for fault in _unsound_area("area", where.area, pack))
        place = f"[[territory]] of {where.area}"
        yield from (f"{place}: {fault}" for fault in _unsound_period(where, where.since, where.until))
    if one.kind in {"adequacy", "framework", "clauses", "tool", "derogation", "duty"} and not one.mechanism:
        yield "`mechanism` is missing: say by which name it is relied on"
    if one.kind == "clauses" and not one.roles:
        yield "[roles] is missing: say which roles the clauses fit"


def _unsound_texts(one: Instrument, pack: Files) -> Iterator[str]:
    if not KEY.fullmatch(one.key):
        yield f"`key` is {one.key[:60]!r}: take small letters, digits and hyphens"
    if len(one.key) > LONGEST_KEY:
        yield f"`key` is longer than {LONGEST_KEY} signs: shorten it, and the file's name"
    if one.key.upper() in pack.countries.areas:
        yield f"`key` is {one.key!r}, which names an area: choose another one"
    if found := illegible(one):
        yield f"{found} {HIDDEN}"
    for field, text in (("title", one.title), ("citation", one.citation), ("source", one.source)):
        if not text.strip():
            yield f"`{field}` is empty: {SAYS[field]}"
        elif not text.isprintable():
            yield f"`{field}` holds a sign that cannot be read: take it out"


def _unsound_regime(one: Instrument) -> Iterator[str]:
    if len(one.regimes) > 1:
        yield "`regimes`: a law has one code of its own: leave that one, and write another file for the other"
    for code in one.regimes:
        if not CODE.fullmatch(code):
            yield f"`regimes`: {code[:60]!r} is no code of a law: take at most 20 of capitals, digits and underscores"


def _unsound_words(one: Instrument, pack: Files) -> Iterator[str]:
    """Words of a file that nothing else on file, and no column of the register, has."""
    mechanisms = {other.mechanism for other in pack.instruments.values() if other.mechanism}
    for field, said, known in (
        ("frees", one.frees, mechanisms),
        ("standards", one.standards, set(ImpactStandard)),
        ("approved_by", (one.approved_by,) if one.approved_by is not None else (), set(ApprovedBy)),
    ):
        if unknown := sorted(set(said) - known):
            yield f"`{field}`: {unknown[0]!r} is not known: there are {', '.join(sorted(known))}"
    for field, area in (("area", one.area), ("targets", one.targets)):
        if area is not None:
            yield from _unsound_area(field, area, pack)


def _unsound_area(field: str, area: str, pack: Files) -> Iterator[str]:
    if area not in pack.codes | AREAS | pack.countries.areas.keys():
        yield f"`{field}`: {area!r} is no country code and no area: name {', '.join(sorted(AREAS))} or a country"


def _unsound_period(cited: Cited, since: date, until: date, *known: date) -> Iterator[str]:
    """What is unsound in the days of something that is cited, and in where it stands."""
    if not cited.citation.strip():
        yield NOWHERE
    if early := [day for day in (since, *known) if day < EARLIEST]:
        yield f"{early[0]} lies before {EARLIEST}: mend it"
    if until <= since:
        yield "`until` is not after `since`: mend one of them"


def _in_a_circle(one: Instrument, pack: Files) -> bool:
    """Whether what an instrument requires requires that one in the end."""
    seen: set[str] = set()
    key = one.requires
    while key is not None and key in pack.instruments and key not in seen:
        seen.add(key)
        key = pack.instruments[key].requires
    return one.key in seen


def _unsound_events(one: Instrument) -> Iterator[str]:
    for event in one.events:
        place = f"event {event.what} of {event.effect}"
        for field, day in (("known", event.known), ("effect", event.effect), ("alternative", event.alternative)):
            if day is not None and day < EARLIEST:
                yield f"{place}: `{field}` lies before {EARLIEST}: mend it"
        if not event.citation.strip():
            yield f"{place}: {NOWHERE}"
        if (event.alternative is None) != (not event.dispute.strip()):
            yield f"{place}: `alternative` and `dispute` go together: give both"
        if event.what in ENDS and event.effect < min(e.effect for e in one.events if e.what == "in_force"):
            yield f"{place} lies before `in_force`: mend one of them"


def _unsound_scope(scope: Scope, pack: Files) -> Iterator[str]:
    place = f"[[scope]] on {scope.fact}"
    asks = [scope.demands, scope.denies, scope.none_of or None]
    limits = None if scope.at_least is None and scope.at_most is None else (scope.at_least, scope.at_most)
    if scope.fact not in FACTS:
        yield f"{place}: no such fact: there are {', '.join(sorted(FACTS))}"
    if sum(asked is not None for asked in (*asks, limits)) != 1:
        yield f"{place}: give one of `is`, `is_not`, `none_of`, or `at_least` and `at_most`"
    if scope.policy is not None and scope.policy not in {policy.key for policy in pack.policies}:
        yield f"{place}: no policy is called {scope.policy!r}: put it into policies.toml"
    if limits is not None and scope.fact not in NUMBERS:
        yield f"{place}: `at_least` and `at_most` are asked of numbers: {', '.join(sorted(NUMBERS))}"
    if scope.at_most is not None and (scope.at_least or 0) > scope.at_most:
        yield f"{place}: `at_least` is more than `at_most`: mend one of them"
    if (scope.demands is not None or scope.denies is not None) and scope.fact in {"country", *NUMBERS, *WORDS}:
        way_out = "`at_least` and `at_most`" if scope.fact in NUMBERS else "`none_of`"
        yield f"{place}: `is` and `is_not` take what is answered by yes or no: use {way_out}"
    words = pack.codes if scope.fact == "country" else WORDS.get(scope.fact, set())
    if set(scope.none_of) - words:
        told = "ISO 3166-1 codes" if scope.fact == "country" else ", ".join(sorted(words)) or "no words here: use `is`"
        yield f"{place}: `none_of` takes {told}"
    days = [day for day in (scope.known, scope.until_known) if day != date.min]
    since = EARLIEST if scope.since == date.min else scope.since
    yield from (f"{place}: {fault}" for fault in _unsound_period(scope, since, scope.until, *days))


def _unsound_choices(pack: Files) -> Iterator[str]:
    for policy in pack.policies:
        if not policy.citation.strip():
            yield f"policies.toml: {policy.key}: {NOWHERE}"
        if policy.default not in policy.choices:
            yield f"policies.toml: {policy.key}: `default` is none of its `choices`: mend one of them"
    disputed = {reading(one, event) for one in pack.instruments.values() for event in one.events if event.alternative}
    for name in pack.chosen.readings:
        if name not in disputed:
            yield f"{CHOICES}: readings: {name!r} is no disputed day: there are {', '.join(sorted(disputed))}"
    choices = {policy.key: policy.choices for policy in pack.policies}
    for name, choice in pack.chosen.policies.items():
        if choice not in choices.get(name, ()):
            known = ", ".join(f"{key} ({' | '.join(words)})" for key, words in choices.items())
            yield f"{CHOICES}: policies: {name} = {choice!r} is not known: there are {known}"


def overlap(one: Instrument, other: Instrument) -> bool:
    """Whether two decisions are of the same country under the same law on any day."""
    if set(one.countries).isdisjoint(other.countries) or set(one.regimes).isdisjoint(other.regimes):
        return False
    first, second = ((begins(i), _end(i)) for i in (one, other))
    return first[0] < second[1] and second[0] < first[1]


def _end(one: Instrument) -> date:
    ends = [event for what in ENDS if (event := newest(list(one.events), what))]
    return min((event.effect for event in ends), default=FOREVER)
