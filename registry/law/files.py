"""The files of the law: what each may hold, how they are read, and what is unsound in them.

Reading is strict: an unknown field, a missing citation, a key that is not the file's name are refused, naming the file,
the place and the remedy. Nothing here asks what day it is.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from registry.errors import Refused
from registry.vocabulary import NUMBERS, Circumstance, DataKind, Purpose

Grade = Literal["S1", "S2", "S3", "M-h", "M-m", "M-l"]
WEAKEST_FIRST = ("M-l", "M-m", "S3", "M-h", "S2", "S1")
VERIFY_EVERY = {"M-l": 60, "M-m": 90, "S3": 90, "M-h": 180, "S2": 180, "S1": 365}  # days
FOREVER = date.max
OWN, CHOICES = "law/own/", "policy.toml"

# What an event does to its instrument, from the day of its effect on, and the code of relying on it afterwards.
ENDS = {
    "sunset": "EXPIRED",
    "invalidated": "INVALIDATED",
    "delisted": "INVALIDATED",
    "superseded": "EXPIRED",
    "transition_end": "SCC_EXPIRED",
    "contested": "NOT_MODELLED",
}
WITHOUT_A_LAST_DAY = {"superseded", "contested"}  # ends after which something goes on, or may go on

# What a condition may ask about: the flow, the importer, the safeguard that is relied on, the circumstances recorded.
FACTS = frozenset(
    """automated data purpose exporter_role pipeda appi_operator pipa lgpd covered_person gdpr_applies
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
AREAS = {"EU", "EEA", "EFTA"}
EARLIEST = date(1900, 1, 1)  # of what the law may know or do
FAR = 2**63


class LawError(Refused):
    """A file of the law is unsound: names file, place and remedy."""


class Cited(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every legal date: where it stands, how well it is known, and when somebody last looked."""

    citation: str
    grade: Grade
    verified_on: date
    note: str | None = None


class Event(Cited, frozen=True, kw_only=True):
    """Something that happens to an instrument: the day it became known, and the first day of its effect.

    Where the day is disputed, `alternative` is the effect by the other reading, and `dispute` says on what each rests.
    """

    what: Literal[
        "opened", "in_force", "repealed", "sunset", "invalidated", "delisted", "superseded", "transition_end", "contested"
    ]
    known: date
    effect: date
    alternative: date | None = None
    dispute: str = ""


class Scope(Cited, frozen=True, kw_only=True):
    """A condition on a fact: `is` this, `is_not` that, none of these, or a number within limits.

    Holds from `since` until `until`. A fact that is not recorded fails `is` and the limits as unknown, and passes `is_not`
    and `none_of` as the ordinary case (law.md 13, 12). `code` is what failing it is called; one that is no stopping code
    only warns, unless the house's policy of that name says "block": then it is `blocks_as`.
    """

    fact: str
    demands: bool | None = msgspec.field(name="is", default=None)
    denies: bool | None = msgspec.field(name="is_not", default=None)
    none_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    code: Literal[
        "OUT_OF_SCOPE",
        "CONDITION_MISSING",
        "NOT_APPROVED",
        "NOT_OCCASIONAL",
        "PUBLIC_AUTHORITY",
        "THRESHOLD",
        "PROHIBITED",
        "OCCASIONAL_ADVISED",
        "ART3_2_IMPORTER",
    ] = "OUT_OF_SCOPE"
    policy: str | None = None
    blocks_as: (
        Literal[
            "OUT_OF_SCOPE", "CONDITION_MISSING", "NOT_APPROVED", "NOT_OCCASIONAL", "PUBLIC_AUTHORITY", "THRESHOLD", "PROHIBITED"
        ]
        | None
    ) = None
    since: date = date.min
    until: date = FOREVER
    known: date = date.min
    until_known: date = date.min


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which two roles a tool fits, and whether Clauses 14 and 15 apply always or only to combined data."""

    exporter: Literal["controller", "processor", "any"]
    importer: Literal["controller", "processor", "any"]
    impact_assessment: Literal["always", "if_combined"] = "always"


class Territory(Cited, frozen=True, kw_only=True):
    """Where a regime governs exporters who are established there."""

    area: str
    since: date
    until: date = FOREVER


class Instrument(Cited, frozen=True, kw_only=True):
    """One file: a regime, a decision, a list, a set of clauses or another tool, a derogation, a time inside the area, a
    rule that holds by itself, or a duty."""

    key: str
    title: str
    kind: Literal["regime", "inside", "adequacy", "framework", "clauses", "tool", "derogation", "rule", "duty"]
    source: str
    regimes: tuple[str, ...]
    articles: dict[str, str]
    events: tuple[Event, ...]
    mechanism: str = ""
    countries: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ()
    covers_data: bool = False
    onward_by_contract: bool = False
    fallback_advised: bool = False
    requires: str | None = None
    approved_by: str | None = None
    standards: tuple[str, ...] = ()
    frees: tuple[str, ...] = ()
    policy: str | None = None
    exporters: tuple[str, ...] = ()
    area: str | None = None
    principle: str = ""
    forbids: bool = False
    leads: bool = False
    roles: dict[str, Roles] = {}
    territory: tuple[Territory, ...] = ()
    targets: str | None = None
    as_member: Literal["EU"] | None = None
    own: bool = False


class Membership(Cited, frozen=True, kw_only=True):
    """A country or territory inside an area, since (counts) and until (does not)."""

    country: str
    area: Literal["EU", "EFTA"]
    since: date
    known: date
    until: date = FOREVER
    until_known: date = date.min


class Policy(Cited, frozen=True, kw_only=True):
    """A point on which authorities or lawyers differ, and what this house goes by; `policy.toml` chooses another way."""

    key: str
    question: str
    choices: tuple[str, ...]
    default: str


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator's `policy.toml`: the other reading of a disputed day (`key what`), and other ways of a policy."""

    readings: dict[str, Literal["used", "alternative"]] = {}
    policies: dict[str, str] = {}


class Countries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes a register may name, their aliases, and names for the codes that CLDR does not know."""

    codes: str
    aliases: dict[str, str]
    own: dict[str, str]
    areas: dict[str, str]


class Files(msgspec.Struct, frozen=True):
    """All files as read, the fingerprint of their bytes, and these bytes by name."""

    instruments: Mapping[str, Instrument]
    memberships: tuple[Membership, ...]
    countries: Countries
    version: str
    policies: tuple[Policy, ...]
    chosen: Chosen
    sources: Mapping[str, bytes]

    @property
    def codes(self) -> frozenset[str]:
        """Every country code that may be named."""
        return frozenset(self.countries.codes.split()) | self.countries.own.keys()


FIXED: dict[str, Any] = {
    "law/countries.toml": Countries,
    "law/memberships.toml": dict[str, tuple[Membership, ...]],
    "law/policies.toml": dict[str, tuple[Policy, ...]],
}


def gathered(folder: Path, own: Path | None) -> dict[str, bytes]:
    """The bytes of a folder's files and of the operator's own, under names that say whose they are, in a fixed order.

    Raises LawError for what cannot be read.
    """
    if own and not own.is_dir():
        raise LawError(f"{own} (ONWARD_LAW) is no folder: name the folder that holds your instruments")
    paths = {name: folder / _called(name) for name in FIXED}
    paths |= {f"law/instruments/{path.name}": path for path in sorted((folder / "instruments").glob("*.toml"))}
    paths |= {f"{OWN}{path.name}": path for path in (sorted(own.glob("*.toml")) if own else ())}
    return {name: _bytes(path) for name, path in paths.items()}


def fingerprint(files: Mapping[str, bytes]) -> str:
    """SHA-256 of the files' names and bytes, in their order."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{_called(name)}\0".encode() + content + b"\0")
    return digest.hexdigest()


def read(folder: Path, own: Path | None) -> Files:
    """The files of a folder, and of the operator's own beside it. Raises LawError for the first that is unsound."""
    return parsed(gathered(folder, own))


def reading(one: Instrument, event: Event) -> str:
    """By which name `policy.toml` speaks of a disputed day."""
    return f"{one.key} {event.what}"


def _read_as(one: Instrument, chosen: Chosen) -> Instrument:
    """The instrument by the readings that the house chose: its day and the other one change places."""
    events = tuple(
        msgspec.structs.replace(event, effect=event.alternative, alternative=event.effect)
        if event.alternative and chosen.readings.get(reading(one, event)) == "alternative"
        else event
        for event in one.events
    )
    return msgspec.structs.replace(one, events=events) if events != one.events else one


def parsed(files: Mapping[str, bytes], *, sound: bool = True) -> Files:
    """The files as `gathered` names them. Raises LawError for one that may not hold what it holds.

    Where it is not asked whether they are `sound` together, what was law once is read as it was.
    """
    instruments: dict[str, Instrument] = {}
    for name, content in files.items():
        if name in FIXED or name == OWN + CHOICES:
            continue
        one, called = _decode(name, content, Instrument), _called(name)
        if f"{one.key}.toml" != called:
            raise LawError(
                f"{called}: `key` is {one.key!r}, the file is named {called.removesuffix('.toml')!r}: make them the same"
            )
        if one.key in instruments:
            raise LawError(f"{called}: the key {one.key!r} is taken: choose another one")
        instruments[one.key] = msgspec.structs.replace(one, own=name.startswith(OWN))
    countries, members, policies = (_decode(name, files.get(name, b""), kind) for name, kind in FIXED.items())
    chosen = _decode(OWN + CHOICES, files.get(OWN + CHOICES, b""), Chosen)
    membership, policy = members.get("membership", ()), policies.get("policy", ())
    found = Files(instruments, membership, countries, fingerprint(files), policy, chosen, files)
    for fault in faults(found) if sound else ():
        raise LawError(fault)
    return msgspec.structs.replace(found, instruments={key: _read_as(one, chosen) for key, one in instruments.items()})


def newest(events: list[Event], what: str) -> Event | None:
    """Of several events of a kind the one known last holds: an extension replaces the end before it."""
    return max((event for event in events if event.what == what), key=lambda event: (event.known, event.effect), default=None)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LawError(f"{path.name}: cannot be read: {error.strerror}: put a file there, or take it away") from error


def _called(name: str) -> str:
    return name.rpartition("/")[2]


def decoded(path: Path, kind: Any) -> Any:
    """A file as what it is to hold. Raises LawError naming the file, the place in it and where to read what may stand there."""
    return _decode(path.name, _bytes(path), kind)


def _decode(name: str, content: bytes, kind: Any) -> Any:
    try:
        return msgspec.toml.decode(content, type=kind, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        raise LawError(f"{_called(name)}: {error}: registry/law/README.md says what a file may hold") from error


def faults(pack: Files) -> Iterator[str]:
    """What is unsound in a pack: one line each, naming file, place and remedy."""
    for one in pack.instruments.values():
        yield from (f"{one.key}.toml: {fault}" for fault in _faults(one, pack))
    for member in pack.memberships:
        place = f"memberships.toml: {member.country} in {member.area} since {member.since}"
        if member.country not in pack.codes:
            yield f"{place}: no such country: use an ISO 3166-1 code"
        if member.until <= member.since:
            yield f"{place}: `until` is not after `since`: mend one of them"
        for other in pack.memberships:
            if other is not member and other.country == member.country and other.since <= member.since < other.until:
                yield f"{place}: overlaps the membership since {other.since}: end that one first"
    yield from _unsound_choices(pack)
    decisions = [one for one in pack.instruments.values() if one.kind == "adequacy"]
    for index, decision in enumerate(decisions):
        for earlier in decisions[:index]:
            if overlap(decision, earlier):
                yield f"{decision.key}.toml: overlaps {earlier.key} for the same country: end that one with `superseded`"


def _faults(one: Instrument, pack: Files) -> Iterator[str]:
    if not KEY.fullmatch(one.key):
        yield f"`key` is {one.key[:60]!r}: take small letters, digits and hyphens"
    for field, text in (("title", one.title), ("citation", one.citation), ("source", one.source)):
        if not text.strip():
            yield f"`{field}` is empty: {SAYS[field]}"
        elif not text.isprintable():
            yield f"`{field}` holds a sign that cannot be read: take it out"
    declared = {regime for other in pack.instruments.values() if other.kind == "regime" for regime in other.regimes}
    if not one.regimes or set(one.regimes) - declared:
        yield f"`regimes`: name some of {', '.join(sorted(declared))}"
    if not one.events:
        yield "no [[events]]: say at least when it came into force"
    elif all(event.what != "in_force" for event in one.events):
        yield "no event `in_force`: say when it came into force, and when that became known"
    if missing := set(one.regimes) - one.articles.keys():
        yield f"[articles] names no article for {', '.join(sorted(missing))}: name one"
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
        if where.area not in pack.codes | AREAS | pack.countries.areas.keys():
            areas = ", ".join(sorted(AREAS))
            yield f"[[territory]]: `area`: {where.area!r} is no country code and no area: name {areas} or a country"
        if where.until <= where.since:
            yield f"[[territory]] of {where.area}: `until` is not after `since`: mend one of them"
    if one.kind in {"adequacy", "framework", "clauses", "tool", "derogation", "duty"} and not one.mechanism:
        yield "`mechanism` is missing: say by which name it is relied on"
    if one.kind == "clauses" and not one.roles:
        yield "[roles] is missing: say which roles the clauses fit"


def _in_a_circle(one: Instrument, pack: Files) -> bool:
    """Whether what an instrument requires requires that one in the end."""
    seen, key = {one.key}, one.requires
    while key is not None and key in pack.instruments:
        if key in seen:
            return True
        seen.add(key)
        key = pack.instruments[key].requires
    return False


def _unsound_events(one: Instrument) -> Iterator[str]:
    for event in one.events:
        place = f"event {event.what} of {event.effect}"
        for field, day in (("known", event.known), ("effect", event.effect), ("alternative", event.alternative)):
            if day is not None and day < EARLIEST:
                yield f"{place}: `{field}` lies before {EARLIEST}: mend it"
        if not event.citation.strip():
            yield f"{place}: `citation` is empty: say where it stands"
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
    if (scope.at_least or 0) > (FAR if scope.at_most is None else scope.at_most):
        yield f"{place}: `at_least` is more than `at_most`: mend one of them"
    if (scope.demands is not None or scope.denies is not None) and scope.fact in NUMBERS | WORDS.keys():
        way_out = "`at_least` and `at_most`" if scope.fact in NUMBERS else "`none_of`"
        yield f"{place}: `is` and `is_not` take what is answered by yes or no: use {way_out}"
    words = WORDS.get(scope.fact, set())
    if set(scope.none_of) - words:
        yield f"{place}: `none_of` takes {', '.join(sorted(words)) or 'no words here: use `is`'}"
    if not scope.citation.strip():
        yield f"{place}: `citation` is empty: say where it stands"
    if scope.until <= scope.since:
        yield f"{place}: `until` is not after `since`: mend one of them"


def _unsound_choices(pack: Files) -> Iterator[str]:
    for policy in pack.policies:
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


def begins(one: Instrument) -> date:
    """The first day on which it is in force."""
    return min(event.effect for event in one.events if event.what == "in_force")


def _end(one: Instrument) -> date:
    ends = [event for what in ENDS if (event := newest(list(one.events), what))]
    return min((event.effect for event in ends), default=FOREVER)
