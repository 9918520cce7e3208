"""The law as dated files: what was in force on a day, as published by a day.

`load()` reads the pack strictly; `Pack.on(valid_on, known_on)` fixes both days once and hands out a `Law`. Below that
point nothing can ask what day it is. No rule holds a date or a country: they are all in the files beside this one.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from registry import settings
from registry.errors import Refused
from registry.vocabulary import DataKind, Purpose

FOLDER = Path(__file__).parent
Grade = Literal["S1", "S2", "S3", "M-h", "M-m", "M-l"]
WEAKEST_FIRST = ("M-l", "M-m", "S3", "M-h", "S2", "S1")
VERIFY_EVERY = {"M-l": 60, "M-m": 90, "S3": 90, "M-h": 180, "S2": 180, "S1": 365}  # days
ONE_DAY = timedelta(days=1)
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


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
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
    citation: str | None = None


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which two roles a set of clauses fits, and whether Clauses 14 and 15 apply always or only to combined data."""

    exporter: Literal["controller", "processor"]
    importer: Literal["controller", "processor"]
    impact_assessment: Literal["always", "if_combined"] = "always"


class Territory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


class Standing(msgspec.Struct, frozen=True):
    """An instrument on a day: in force (`code` is None) or why not, its last day where an end is known, and by what."""

    instrument: Instrument
    code: str | None
    first_day: date
    last_day: date | None
    event: Event
    no_new_from: date | None


class Pack:
    """All the law on file, by fingerprint."""

    def __init__(
        self, instruments: Mapping[str, Instrument], memberships: tuple[Membership, ...], countries: Countries, version: str
    ) -> None:
        self.instruments = instruments
        self.memberships = memberships
        self.version = version
        self.codes = frozenset(countries.codes.split()) | countries.own.keys()
        self.aliases = countries.aliases
        self.area_names = countries.areas
        self.own_names = countries.own | countries.areas
        self._views: dict[tuple[date, date], Law] = {}
        self._changed_by: dict[date, date] = {}

    def on(self, valid_on: date, known_on: date) -> "Law":
        """The law in force on one day as published by another."""
        view = self._views.get((valid_on, known_on))
        if view is None:
            view = self._views[valid_on, known_on] = Law(self, valid_on, known_on)
        return view

    def country(self, code: str, *, area: bool = False) -> str:
        """The code under which a country (or an area) is recorded. Raises LawError for one that is none."""
        found = self.aliases.get(code, code)
        if found not in self.codes and not (area and found in self.area_names):
            raise LawError(f"{code!r} is no country code: use ISO 3166-1 alpha-2, such as DE or US")
        return found

    @cached_property
    def change_days(self) -> tuple[date, ...]:
        """Every day on which any rule's answer may change, in order."""
        days = {event.effect for one in self.instruments.values() for event in one.events}
        days |= {day for one in self.instruments.values() for s in one.scope for day in (s.since, s.until)}
        days |= {day for one in self.instruments.values() for t in one.territory for day in (t.since, t.until)}
        days |= {day for one in self.memberships for day in (one.since, one.until)}
        return tuple(sorted(days - {date.min, FOREVER}))

    def changed_by(self, day: date) -> date:
        """The last day up to this one on which the law changed: all that a rule can tell of a day."""
        found = self._changed_by.get(day)
        if found is None:
            place = bisect_right(self.change_days, day)
            found = self._changed_by[day] = self.change_days[place - 1] if place else date.min
        return found

    def concluded_by(self, key: str, day: date) -> date:
        """The last day up to this one on which clauses of the kind began or ceased to be concluded."""
        return max((change for change in self._conclusions.get(key, ()) if change <= day), default=date.min)

    @cached_property
    def _conclusions(self) -> dict[str, list[date]]:
        """The days that decide when clauses may be concluded, by instrument, whichever regime takes them."""
        ofs: dict[str, list[date]] = {}
        for one in self.instruments.values():
            same = [
                other for other in self.instruments.values() if other.kind == "clauses" and other.mechanism == one.mechanism
            ]
            ofs[one.key] = [event.effect for other in same for event in other.events if event.what in {"in_force", "repealed"}]
        return ofs

    @cached_property
    def asked_of(self) -> dict[str, tuple[str, ...]]:
        """The facts that decisions on a country ask about an importer there."""
        asked: dict[str, set[str]] = {}
        for one in self.instruments.values():
            for country in one.countries:
                asked.setdefault(country, set()).update(scope.fact for scope in one.scope)
        return {country: tuple(sorted(facts)) for country, facts in asked.items() if facts}

    def changes_after(self, day: date) -> tuple[date, ...]:
        """The later days on which any rule's answer may change."""
        return self.change_days[bisect_right(self.change_days, day) :]

    def overdue(self, today: date) -> Iterator[tuple[str, Cited]]:
        """What must be looked up again by today, weakest grade first."""
        facts: list[tuple[str, Cited]] = [(one.country, one) for one in self.memberships]
        for one in self.instruments.values():
            facts += [(one.key, one), *((f"{one.key} {event.what} {event.effect}", event) for event in one.events)]
        facts.sort(key=lambda fact: (WEAKEST_FIRST.index(fact[1].grade), fact[1].verified_on, fact[0]))
        return (fact for fact in facts if (today - fact[1].verified_on).days >= VERIFY_EVERY[fact[1].grade])


class Law:
    """The law on one day, as known on another: the only thing about time that a rule is given."""

    def __init__(self, pack: Pack, valid_on: date, known_on: date) -> None:
        self.pack = pack
        self.day = valid_on
        self.known_on = known_on
        self._standings: dict[str, Standing | None] = {}
        for name in ("of_kind", "by_mechanism", "applies", "areas", "inside"):  # a view never changes: ask once
            setattr(self, name, cache(getattr(self, name)))

    def standing(self, key: str) -> Standing | None:
        """How an instrument stands; None while nothing of it was known."""
        if key not in self._standings:
            self._standings[key] = self._stand(self.pack.instruments[key])
        return self._standings[key]

    def instrument(self, key: str) -> Instrument | None:
        return self.pack.instruments.get(key)

    def of_kind(self, kind: str, regime: str, country: str | None = None) -> list[Standing]:
        """What of a kind serves a regime (and a country), in the order of the files' names."""
        return [
            standing
            for one in self.pack.instruments.values()
            if one.kind == kind and regime in one.regimes and (country is None or country in one.countries)
            if (standing := self.standing(one.key)) is not None
        ]

    def by_mechanism(self, mechanism: str, regime: str) -> Standing | None:
        """The instrument of that name under this regime; failing that, under another one."""
        found = [one for one in self.pack.instruments.values() if one.mechanism == mechanism]
        found.sort(key=lambda one: regime not in one.regimes)
        return next((standing for one in found if (standing := self.standing(one.key)) is not None), None)

    def applies(self, regime: str, territory: str) -> Standing | None:
        """How a regime stands for exporters in a territory; None for one that is not modelled."""
        one = next((i for i in self.pack.instruments.values() if i.kind == "regime" and regime in i.regimes), None)
        if one is None or (standing := self.standing(one.key)) is None:
            return None
        areas = self.areas(territory)
        longer = any(t.area in areas and t.since <= self.day < t.until for t in one.territory)
        shorter = any(t.area in areas for t in one.territory) and not longer
        if longer:
            return msgspec.structs.replace(standing, code=None)
        return msgspec.structs.replace(standing, code="REGIME_NOT_APPLICABLE") if shorter else standing

    def regimes(self, basis: str, territory: str) -> list[str]:
        """Which regimes a scope brings an exporter under on this day (Art. 3(1), 3(2))."""
        found = []
        for one in self.pack.instruments.values():
            if one.kind != "regime" or (standing := self.applies(one.regimes[0], territory)) is None or standing.code:
                continue
            areas = self.areas(territory)
            if basis == "established" and any(t.area in areas for t in one.territory):
                found.append(one.regimes[0])
            elif basis == "offers_or_monitors" and one.targets is not None and one.targets in areas:
                found.append(one.regimes[0])
        return found

    def areas(self, territory: str) -> set[str]:
        """The areas a country is in on this day; an area is in itself."""
        if territory == "EEA":
            return {"EEA", "EU", "EFTA"}
        found = {one.area for one in self._members(territory)}
        for one in self.pack.instruments.values():
            if one.as_member and territory in one.countries:
                standing = self.standing(one.key)
                found |= {one.as_member} if standing and standing.code is None else set()
        return found | ({"EEA"} if found else set())

    def inside(self, regime: str, country: str) -> Standing | Membership | None:
        """What makes a country part of the regime's own area on this day, so that a flow there is no transfer."""
        members = self._members(country) if self._knows_area(regime) else []
        standings = [one for one in self.of_kind("inside", regime, country) if one.code is None]
        found: list[Standing | Membership] = [*members, *standings]
        return found[0] if found else None

    def demands(self, duty: str, regime: str) -> Standing | None:
        """A duty in force on this day, such as the impact assessment."""
        return next((s for s in self.of_kind("duty", regime) if s.instrument.mechanism == duty and s.code is None), None)

    def scope(self, instrument: Instrument) -> list[Scope]:
        """The conditions of a decision that hold on this day."""
        return [one for one in instrument.scope if one.since <= self.day and one.known <= self.known_on and not self._over(one)]

    def _over(self, one: Scope | Membership) -> bool:
        return one.until <= self.day and one.until_known <= self.known_on

    def _knows_area(self, regime: str) -> bool:
        return any(i.kind == "regime" and regime in i.regimes and i.territory for i in self.pack.instruments.values())

    def _members(self, country: str) -> list[Membership]:
        return [
            one
            for one in self.pack.memberships
            if one.country == country and one.since <= self.day and one.known <= self.known_on and not self._over(one)
        ]

    def _stand(self, one: Instrument) -> Standing | None:
        known = [event for event in one.events if event.known <= self.known_on]
        begun = _newest(known, "in_force")
        if begun is None:
            return None
        ends = [end for what in ENDS if (end := _newest(known, what))]
        ended = min(ends, key=lambda event: event.effect, default=None)
        repealed = _newest(known, "repealed")
        last = ended.effect - ONE_DAY if ended and ended.what != "superseded" else None
        code, event = None, begun
        if self.day < begun.effect:
            code = "NOT_IN_FORCE"
        elif ended and ended.effect <= self.day:
            code, event = ENDS[ended.what], ended
        return Standing(one, code, begun.effect, last, event, repealed.effect if repealed else None)


def _newest(events: list[Event], what: str) -> Event | None:
    """Of several events of a kind the one known last holds: an extension replaces the end before it."""
    return max((event for event in events if event.what == what), key=lambda event: (event.known, event.effect), default=None)


def load() -> Pack:
    """The law that this program brings, with the operator's own folder (ONWARD_LAW) beside it."""
    own = settings.own_law()
    return _load(FOLDER, own.absolute() if own else None)


@cache
def _load(folder: Path, own: Path | None) -> Pack:
    files = sorted((folder / "instruments").glob("*.toml"))
    own_files = sorted(own.glob("*.toml")) if own else []
    if own and not own.is_dir():
        raise LawError(f"{own} (ONWARD_LAW) is no folder: name the folder that holds your instruments")
    fixed = [folder / "countries.toml", folder / "memberships.toml"]
    digest = hashlib.sha256()
    for path in [*fixed, *files, *own_files]:
        digest.update(f"{path.name}\0".encode() + _bytes(path) + b"\0")
    countries = _decode(fixed[0], Countries)
    memberships = _decode(fixed[1], dict[str, tuple[Membership, ...]]).get("membership", ())
    instruments: dict[str, Instrument] = {}
    for path in [*files, *own_files]:
        one = _decode(path, Instrument)
        if one.key != path.stem:
            raise LawError(f"{path.name}: `key` is {one.key!r}, the file is named {path.stem!r}: make them the same")
        if one.key in instruments:
            raise LawError(f"{path.name}: the key {one.key!r} is taken: choose another one")
        instruments[one.key] = msgspec.structs.replace(one, own=path in own_files)
    pack = Pack(instruments, memberships, countries, digest.hexdigest())
    for fault in faults(pack):
        raise LawError(fault)
    return pack


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


def faults(pack: Pack) -> Iterator[str]:
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


def _faults(one: Instrument, pack: Pack) -> Iterator[str]:
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
        if not (scope.citation or "").strip():
            yield f"[[scope]] on {scope.fact}: `citation` is missing: say where it stands"
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
    ends = [event for what in ENDS if (event := _newest(list(one.events), what))]
    return min((event.effect for event in ends), default=FOREVER)
