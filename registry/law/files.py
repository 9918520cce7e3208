"""The files of the law: what each may hold, how they are read, and what is unsound in them.

Reading is strict: an unknown field, a missing citation, a key that is not the file's name are refused, naming the file,
the place and the remedy. Nothing here asks what day it is.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from registry.errors import Refused
from registry.vocabulary import DataKind, Purpose

Grade = Literal["S1", "S2", "S3", "M-h", "M-m", "M-l"]
WEAKEST_FIRST = ("M-l", "M-m", "S3", "M-h", "S2", "S1")
VERIFY_EVERY = {"M-l": 60, "M-m": 90, "S3": 90, "M-h": 180, "S2": 180, "S1": 365}  # days
FOREVER = date.max

# What an event does to its instrument, from the day of its effect on, and the code of relying on it afterwards.
ENDS = {
    "sunset": "EXPIRED",
    "invalidated": "INVALIDATED",
    "delisted": "INVALIDATED",
    "superseded": "EXPIRED",
    "transition_end": "SCC_EXPIRED",
}


class LawError(Refused):
    """A file of the law is unsound: names file, place and remedy."""


class Cited(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every legal date: where it stands, how well it is known, and when somebody last looked."""

    citation: str
    grade: Grade
    verified_on: date
    note: str | None = None


class Event(Cited, frozen=True, kw_only=True):
    """Something that happens to an instrument: the day it became known, and the first day of its effect."""

    what: Literal["in_force", "repealed", "sunset", "invalidated", "delisted", "superseded", "transition_end"]
    known: date
    effect: date


class Scope(Cited, frozen=True, kw_only=True):
    """A condition on a fact about the flow: `is` this, or none of these. Holds from `since` until `until`.

    A fact that is not recorded fails `is` as unknown, and passes `none_of` as the ordinary case (law.md 13, 12).
    """

    fact: Literal["pipeda", "appi_operator", "pipa", "lgpd", "automated", "data", "purpose"]
    demands: bool | None = msgspec.field(name="is", default=None)
    none_of: tuple[str, ...] = ()
    since: date = date.min
    until: date = FOREVER
    known: date = date.min
    until_known: date = date.min


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which two roles a set of clauses fits, and whether Clauses 14 and 15 apply always or only to combined data."""

    exporter: Literal["controller", "processor"]
    importer: Literal["controller", "processor"]
    impact_assessment: Literal["always", "if_combined"] = "always"


class Territory(Cited, frozen=True, kw_only=True):
    """Where a regime governs exporters who are established there."""

    area: str
    since: date
    until: date = FOREVER


class Instrument(Cited, frozen=True, kw_only=True):
    """One file: a regime, a decision, a list, a set of clauses, a time inside the area, or a duty."""

    key: str
    title: str
    kind: Literal["regime", "inside", "adequacy", "framework", "clauses", "duty"]
    source: str
    regimes: tuple[str, ...]
    articles: dict[str, str]
    events: tuple[Event, ...]
    mechanism: str = ""
    countries: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ()
    covers_data: bool = False
    onward_by_contract: bool = False
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


class Countries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes a register may name, their aliases, and names for the codes that CLDR does not know."""

    codes: str
    aliases: dict[str, str]
    own: dict[str, str]
    areas: dict[str, str]


class Files(msgspec.Struct, frozen=True):
    """All files as read, and the fingerprint of their bytes."""

    instruments: Mapping[str, Instrument]
    memberships: tuple[Membership, ...]
    countries: Countries
    version: str

    @property
    def codes(self) -> frozenset[str]:
        """Every country code that may be named."""
        return frozenset(self.countries.codes.split()) | self.countries.own.keys()


def read(folder: Path, own: Path | None) -> Files:
    """The files of a folder, and of the operator's own beside it. Raises LawError for the first that is unsound."""
    if own and not own.is_dir():
        raise LawError(f"{own} (ONWARD_LAW) is no folder: name the folder that holds your instruments")
    own_files = sorted(own.glob("*.toml")) if own else []
    fixed = [folder / "countries.toml", folder / "memberships.toml"]
    paths = [*sorted((folder / "instruments").glob("*.toml")), *own_files]
    digest = hashlib.sha256()
    for path in [*fixed, *paths]:
        digest.update(f"{path.name}\0".encode() + _bytes(path) + b"\0")
    instruments: dict[str, Instrument] = {}
    for path in paths:
        one = _decode(path, Instrument)
        if one.key != path.stem:
            raise LawError(f"{path.name}: `key` is {one.key!r}, the file is named {path.stem!r}: make them the same")
        if one.key in instruments:
            raise LawError(f"{path.name}: the key {one.key!r} is taken: choose another one")
        instruments[one.key] = msgspec.structs.replace(one, own=path in own_files)
    countries = _decode(fixed[0], Countries)
    memberships = _decode(fixed[1], dict[str, tuple[Membership, ...]]).get("membership", ())
    found = Files(instruments, memberships, countries, digest.hexdigest())
    for fault in faults(found):
        raise LawError(fault)
    return found


def newest(events: list[Event], what: str) -> Event | None:
    """Of several events of a kind the one known last holds: an extension replaces the end before it."""
    return max((event for event in events if event.what == what), key=lambda event: (event.known, event.effect), default=None)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LawError(f"{path.name}: cannot be read: {error.strerror}: put a file there, or take it away") from error


def _decode(path: Path, kind: Any) -> Any:
    try:
        return msgspec.toml.decode(_bytes(path), type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LawError(f"{path.name}: {error}: registry/law/README.md says what a file may hold") from error


def faults(pack: Files) -> Iterator[str]:
    """What is unsound in a pack: one line each, naming file, place and remedy."""
    for one in pack.instruments.values():
        yield from (f"{one.key}.toml: {fault}" for fault in _faults(one, pack))
    for member in pack.memberships:
        place = f"memberships.toml: {member.country} in {member.area} since {member.since}"
        if member.country not in pack.codes:
            yield f"{place}: no such country: use an ISO 3166-1 code"
        if member.until < member.since:
            yield f"{place}: `until` lies before `since`: mend one of them"
        for other in pack.memberships:
            if other is not member and other.country == member.country and other.since <= member.since < other.until:
                yield f"{place}: overlaps the membership since {other.since}: end that one first"
    decisions = [one for one in pack.instruments.values() if one.kind == "adequacy"]
    for index, decision in enumerate(decisions):
        for earlier in decisions[:index]:
            countries, regimes = set(decision.countries) & set(earlier.countries), set(decision.regimes) & set(earlier.regimes)
            if countries and regimes and _overlap(decision, earlier):
                yield f"{decision.key}.toml: overlaps {earlier.key} for the same country: end that one with `superseded`"


def _faults(one: Instrument, pack: Files) -> Iterator[str]:
    if not one.citation.strip():
        yield "`citation` is empty: say where it stands"
    if not one.source.strip():
        yield "`source` is empty: say where to look it up again"
    declared = {regime for other in pack.instruments.values() if other.kind == "regime" for regime in other.regimes}
    if not one.regimes or set(one.regimes) - declared:
        yield f"`regimes`: name some of {', '.join(sorted(declared))}"
    if not one.events:
        yield "no [[events]]: say at least when it came into force"
    elif all(event.what != "in_force" for event in one.events):
        yield "no event `in_force`: say when it came into force, and when that became known"
    if missing := set(one.regimes) - one.articles.keys():
        yield f"[articles] names no article for {', '.join(sorted(missing))}: name one"
    for code in one.countries:
        if code not in pack.codes:
            yield f"`countries`: {code!r} is no country code: use ISO 3166-1"
    for event in one.events:
        if not event.citation.strip():
            yield f"event {event.what} of {event.effect}: `citation` is empty: say where it stands"
        if event.what in ENDS and event.effect < min(e.effect for e in one.events if e.what == "in_force"):
            yield f"event {event.what} of {event.effect} lies before `in_force`: mend one of them"
    for scope in one.scope:
        if (scope.demands is None) == (not scope.none_of):
            yield f"[[scope]] on {scope.fact}: give either `is` or `none_of`"
        known = {"data": DataKind, "purpose": Purpose}.get(scope.fact)
        if scope.none_of and (known is None or set(scope.none_of) - set(known)):
            yield f"[[scope]] on {scope.fact}: `none_of` takes {', '.join(known) if known else 'no words here: use `is`'}"
        if not scope.citation.strip():
            yield f"[[scope]] on {scope.fact}: `citation` is empty: say where it stands"
        if scope.until <= scope.since:
            yield f"[[scope]] on {scope.fact}: `until` lies before `since`: mend one of them"
    if one.kind in {"adequacy", "framework", "inside"} and not one.countries:
        yield "`countries` is empty: name those it covers"
    if one.kind in {"adequacy", "framework", "clauses", "duty"} and not one.mechanism:
        yield "`mechanism` is missing: say by which name it is relied on"
    if one.kind == "clauses" and not one.roles:
        yield "[roles] is missing: say which roles the clauses fit"


def _overlap(one: Instrument, other: Instrument) -> bool:
    first, second = ((_begin(i), _end(i)) for i in (one, other))
    return first[0] < second[1] and second[0] < first[1]


def _begin(one: Instrument) -> date:
    return min(event.effect for event in one.events if event.what == "in_force")


def _end(one: Instrument) -> date:
    ends = [event for what in ENDS if (event := newest(list(one.events), what))]
    return min((event.effect for event in ends), default=FOREVER)
