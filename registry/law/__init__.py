"""The law as dated files: what was in force on a day, as published by a day.

`load()` is the pack that rules; `Pack.on(valid_on, known_on)` fixes both days once and hands out a `Law`. Below that
point nothing can ask what day it is. No rule holds a date or a country: they are all in the files beside this one.
"""

from bisect import bisect_right
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache, cached_property, lru_cache
from pathlib import Path

import msgspec

from registry import settings
from registry.errors import Misused
from registry.law import packs
from registry.law.files import (
    ENDS,
    FOREVER,
    WITHOUT_A_LAST_DAY,
    Event,
    Files,
    Instrument,
    LawError,
    Membership,
    Roles,
    Scope,
    begins,
    newest,
)
from registry.law.loader import fingerprint, gathered, read
from registry.law.packs import Kept

__all__ = [
    "FOREVER",
    "ONE_DAY",
    "Instrument",
    "Law",
    "LawError",
    "Membership",
    "Pack",
    "Roles",
    "Scope",
    "Standing",
    "begins",
    "brought",
    "load",
]

FOLDER = Path(__file__).parent
PRINCIPLE = "44"
SHORTEST = 3  # letters that a part of a key has, to be taken for it
NAMED_WHERE = "the page Law lists them all, and the files in registry/law/instruments are called by their keys"
CODES = "use ISO 3166-1 alpha-2, such as DE or US"  # what a country is recorded by
ONE_DAY = timedelta(days=1)
BY_ITSELF = {"regime", "inside", "adequacy", "rule", "duty"}  # what counts though nobody names it
TRAITS = ("pipeda", "appi_operator", "pipa", "lgpd", "covered_person", "gdpr_applies")  # columns of a party that the law asks


class Standing(msgspec.Struct, frozen=True):
    """An instrument on a day: in force (`code` is None) or why not, its last day where an end is known, and by what.

    `opened` is the first day on which it could be concluded; `disputed` the event whose other reading would say otherwise.
    """

    instrument: Instrument
    code: str | None
    first_day: date
    last_day: date | None
    event: Event
    no_new_from: date | None
    opened: date
    disputed: Event | None = None


class Pack:
    """All the law on file, by fingerprint."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.instruments = files.instruments
        self.memberships = files.memberships
        self.version = files.version
        self.sources = files.sources
        self.codes = files.codes
        self.aliases = files.countries.aliases
        self.area_names = files.countries.areas
        self.own_names = files.countries.own | files.countries.areas
        self.policies = files.policies
        self._chosen = files.chosen.policies
        self._views: dict[tuple[date, date], Law] = {}
        self._changes_for: dict[tuple[str, frozenset[str], frozenset[str]], tuple[date, ...]] = {}
        self._changed_by: dict[date, date] = {}

    def on(self, valid_on: date, known_on: date) -> "Law":
        """The law in force on one day as published by another."""
        view = self._views.get((valid_on, known_on))
        if view is None:
            view = self._views[valid_on, known_on] = Law(self, valid_on, known_on)
        return view

    def regime(self, code: str) -> Instrument | None:
        """The file of a regime; None for one that is not modelled."""
        return self._regimes.get(code)

    @cached_property
    def _regimes(self) -> dict[str, Instrument]:
        """The file of each regime that is modelled; of two that name it the first."""
        found: dict[str, Instrument] = {}
        for one in self.instruments.values():
            if one.kind == "regime":
                found = {code: one for code in one.regimes} | found
        return found

    def named(self, key: str) -> Instrument:
        """The instrument of a key. Raises Misused for one that is not on file, naming those that are called nearly so."""
        if key not in self.instruments:
            near = get_close_matches(key, self.instruments, n=5)
            near = near or [one for one in self.instruments if len(key) >= SHORTEST and key in one][:5]
            way_out = f"did you mean {' or '.join(near)}?" if near else NAMED_WHERE
            raise Misused(f"no instrument is called {key!r}: {way_out}")
        return self.instruments[key]

    def title(self, key: str) -> str:
        """What is called by a key in a verdict's basis: an instrument by its title, an area by its name."""
        one = self.instruments.get(key)
        return one.title if one else self.area_names.get(key.upper(), key)

    def policy(self, key: str) -> str:
        """What the house goes by where authorities or lawyers differ."""
        return self._chosen.get(key) or next(one.default for one in self.policies if one.key == key)

    def country(self, code: str, *, area: bool = False) -> str:
        """The code under which a country (or an area) is recorded. Raises LawError for one that is none."""
        found = self.aliases.get(code, code)
        if found not in self.codes and not (area and found in self.area_names):
            raise LawError(self.no_country(code))
        return found

    def no_country(self, code: str) -> str:
        """Why a code is none under which a country is recorded, and what is."""
        gone = self.files.countries.not_modelled.get(code)
        return f"{code!r} is not modelled: {gone}" if gone else f"{code!r} is no country code: {CODES}"

    def within(self, name: str) -> set[str]:
        """The countries that the name of a country or an area may stand for on some day, and the name itself."""
        if name not in self.area_names:
            return {name}
        members = {one.country for one in self.memberships}
        return {name} | members | {country for one in self.instruments.values() if one.as_member for country in one.countries}

    @cached_property
    def change_days(self) -> tuple[date, ...]:
        """Every day on which any rule's answer may change, in order."""
        days = {day for one in self.instruments.values() for day in _days_of(one)}
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
        days = self._conclusions.get(key, [])
        place = bisect_right(days, day)
        return days[place - 1] if place else date.min

    @cached_property
    def _conclusions(self) -> dict[str, list[date]]:
        """The days that decide when clauses may be concluded, by instrument, whichever regime takes them."""
        ofs: dict[str, list[date]] = {}
        for one in self.instruments.values():
            same = [
                other for other in self.instruments.values() if other.kind == "clauses" and other.mechanism == one.mechanism
            ]
            events = [event for other in same for event in other.events]
            ofs[one.key] = sorted(event.effect for event in events if event.what in {"opened", "in_force", "repealed"})
        return ofs

    @cached_property
    def asked_of(self) -> dict[str, tuple[str, ...]]:
        """The facts about an importer that decisions on its country ask; "" has those that are asked in every country."""
        asked: dict[str, set[str]] = {"": set()}
        for one in self.instruments.values():
            for country in {place for named in one.countries for place in self.within(named)} or {""}:
                asked.setdefault(country, set()).update(scope.fact for scope in one.scope if scope.fact in TRAITS)
        return {country: tuple(sorted(facts | asked[""])) for country, facts in asked.items()}

    def changes_after(self, day: date) -> tuple[date, ...]:
        """The later days on which any rule's answer may change."""
        return self.change_days[bisect_right(self.change_days, day) :]

    def changes_for(self, regime: str, countries: frozenset[str], named: frozenset[str]) -> tuple[date, ...]:
        """The days on which a rule's answer may change about a leg under a regime, between countries, with instruments named.

        Of tools and lists only those that are named count, by whatever law they are taken; all else of the regime.
        """
        found = self._changes_for.get((regime, countries, named))
        if found is None:
            called = {self.instruments[key].mechanism for key in named if key in self.instruments} - {""}
            days = {day for one in self.memberships if one.country in countries for day in (one.since, one.until)}
            for one in self.instruments.values():
                by_itself = one.kind in BY_ITSELF and regime in one.regimes
                if by_itself or one.as_member or one.key in named or one.mechanism in called:
                    days |= _days_of(one)
            ordered = tuple(sorted(days - {date.min, FOREVER}))
            found = self._changes_for[regime, countries, named] = ordered
        return found


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
            if one.kind == kind and regime in one.regimes and (country is None or self.covers(one, country))
            if (standing := self.standing(one.key)) is not None
        ]

    def covers(self, one: Instrument, country: str) -> bool:
        """Whether an instrument names the country, or an area that it is in on this day; naming none, it covers any."""
        return not one.countries or country in one.countries or not self.areas(country).isdisjoint(one.countries)

    def by_mechanism(self, mechanism: str, regime: str) -> Standing | None:
        """The instrument of that name under this regime; failing that, under another one."""
        found = [one for one in self.pack.instruments.values() if one.mechanism == mechanism]
        found.sort(key=lambda one: regime not in one.regimes)
        return next((standing for one in found if (standing := self.standing(one.key)) is not None), None)

    def applies(self, regime: str, territory: str) -> Standing | None:
        """How a regime stands for exporters in a territory; None for one that is not modelled."""
        one = self.pack.regime(regime)
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
            if one.kind != "regime" or (standing := self.applies(one.regimes[0], territory)) is None:
                continue
            if standing.code and not (one.leads and self.day < standing.first_day):  # before it forbids, it restricts nothing
                continue
            areas = self.areas(territory)
            if basis == "established" and any(t.area in areas for t in one.territory):
                found.append(one.regimes[0])
            elif basis == "offers_or_monitors" and one.targets is not None and one.targets in areas:
                found.append(one.regimes[0])
        return found

    def areas(self, territory: str) -> set[str]:
        """The areas a country is in on this day; a country and an area are in themselves."""
        if territory == "EEA":
            return {"EEA", "EU", "EFTA"}
        found = {one.area for one in self._members(territory)}
        for one in self.pack.instruments.values():
            if one.as_member and territory in one.countries:
                standing = self.standing(one.key)
                found |= {one.as_member} if standing and standing.code is None else set()
        return found | ({"EEA"} if found else set()) | {territory}

    def inside(self, regime: str, country: str, exporter: str) -> list[Standing | Membership]:
        """What makes a flow from a territory to a country no transfer under the regime on this day; no scope is asked."""
        law = self.pack.regime(regime)
        found: list[Standing | Membership] = list(self._members(country)) if law and law.area == "EEA" else []
        for standing in self.of_kind("inside", regime, country):
            one = standing.instrument
            if standing.code is None and (not one.exporters or exporter in one.exporters):
                if one.policy is None or self.pack.policy(one.policy) == "on":
                    found.append(standing)
        return found

    def in_efta(self, territory: str) -> bool:
        """Whether a State takes part in the area through EFTA on this day (acts of the Union wait for it)."""
        return any(one.area == "EFTA" for one in self._members(territory))

    def principle(self, regime: str) -> str:
        """The article of a regime that says when data may go abroad at all; that of the GDPR where none is modelled."""
        law = self.pack.regime(regime)
        return law.principle if law is not None and law.principle else PRINCIPLE

    def own(self, regime: str, country: str) -> bool:
        """Whether the country is the regime's own, so that nothing crosses a border."""
        law = self.pack.regime(regime)
        return law is not None and law.area == country

    def demands(self, duty: str, regime: str) -> Standing | None:
        """A duty in force on this day, such as the impact assessment."""
        return next((s for s in self.of_kind("duty", regime) if s.instrument.mechanism == duty and s.code is None), None)

    def scope(self, instrument: Instrument) -> list[Scope]:
        """The conditions of an instrument that hold on this day, as the house's policy has them."""
        held = [one for one in instrument.scope if one.since <= self.day and one.known <= self.known_on and not self._over(one)]
        return [self._as_chosen(one) for one in held]

    def _as_chosen(self, one: Scope) -> Scope:
        if one.policy is None or one.blocks_as is None or self.pack.policy(one.policy) != "block":
            return one
        return msgspec.structs.replace(one, code=one.blocks_as)

    def _over(self, one: Scope | Membership) -> bool:
        return one.until <= self.day and one.until_known <= self.known_on

    def _members(self, country: str) -> list[Membership]:
        return [
            one
            for one in self.pack.memberships
            if one.country == country and one.since <= self.day and one.known <= self.known_on and not self._over(one)
        ]

    def _stand(self, one: Instrument) -> Standing | None:
        known = [event for event in one.events if event.known <= self.known_on]
        begun = newest(known, "in_force")
        if begun is None:
            return None
        ends = [end for what in ENDS if (end := newest(known, what))]
        ended = min(ends, key=lambda event: event.effect, default=None)
        repealed, opened = newest(known, "repealed"), newest(known, "opened")
        last = ended.effect - ONE_DAY if ended and ended.what not in WITHOUT_A_LAST_DAY else None
        code, event = None, begun
        if self.day < begun.effect:
            code = "NOT_IN_FORCE"
        elif ended and ended.effect <= self.day:
            code, event = ENDS[ended.what], ended
        disputed = next((one for one in (begun, *ends) if self._in_dispute(one)), None)
        no_new_from, first = repealed.effect if repealed else None, (opened or begun).effect
        return Standing(one, code, begun.effect, last, event, no_new_from, first, disputed)

    def _in_dispute(self, event: Event) -> bool:
        """Whether the day lies between the two readings of when an event has its effect."""
        if event.alternative is None:
            return False
        return min(event.effect, event.alternative) <= self.day < max(event.effect, event.alternative)


def _days_of(one: Instrument) -> set[date]:
    """Every day on which something of an instrument begins or ends, by either reading."""
    days = {event.effect for event in one.events} | {event.alternative for event in one.events if event.alternative}
    days |= {day for scope in one.scope for day in (scope.since, scope.until)}
    return days | {day for territory in one.territory for day in (territory.since, territory.until)}


def load() -> Pack:
    """The law that rules: what the open register has adopted; where it has none yet, what this program brings."""
    kept = packs.RULING.get()
    return brought() if kept is None else _opened(kept)


def brought() -> Pack:
    """The law that this program brings, with the operator's own folder (ONWARD_LAW) beside it."""
    return _load(*_folders())


def brought_version() -> str:
    """The fingerprint of the files that this program brings, sound or not. Raises LawError for what cannot be read."""
    return _fingerprint(*_folders())


def kept_pack(kept: Kept) -> Pack:
    """A pack as a register keeps it, the very files it was. Raises LawError where its bytes were altered."""
    return _opened(kept)


def _folders() -> tuple[Path, Path | None]:
    own = settings.own_law()
    return FOLDER, own.absolute() if own else None


@cache
def _load(folder: Path, own: Path | None) -> Pack:
    return Pack(read(folder, own))


@cache
def _fingerprint(folder: Path, own: Path | None) -> str:
    return fingerprint(gathered(folder, own))


@lru_cache(maxsize=8)
def _opened(kept: Kept) -> Pack:
    return Pack(packs.opened(kept))
