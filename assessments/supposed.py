"""What is supposed: the law and the dossiers as they would be from a day on. In memory alone; nothing is written.

Whatever is judged with these is judged on that day or later, so that what is changed in a dossier needs no beginning.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from assessments.rules import Between, Dossier, Judged, Listing, Route, Sort
from registry.law import Instrument, Pack
from registry.law.supposing import adopted, ended
from registry.vocabulary import Outcome

LAPSED = "inactive_lapse"
BY_COUNTRY = {"adequacy", "inside"}


class Moved(msgspec.Struct, frozen=True):
    """A party that goes to a country, or (`Supposed.subs`) begins to use another company there."""

    party: int
    country: str


class Supposed(msgspec.Struct, frozen=True):
    """All that is supposed from a day on. Listings are named by their own key or by their framework's."""

    day: date
    annul: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    lapse: tuple[str, ...] = ()
    moves: tuple[Moved, ...] = ()
    subs: tuple[Moved, ...] = ()
    adopt: tuple[Instrument, ...] = ()
    frameworks: bool = False
    """Whether all that lapses is named by a framework, so that every listing in it does."""

    @property
    def changes_law(self) -> bool:
        return bool(self.annul or self.end or self.adopt)

    @property
    def is_of_cases(self) -> bool:
        """Whether all of it can be told of a leg from what its verdict follows from, whoever its parties are."""
        if self.moves or self.subs or any(one.kind not in {"adequacy", "framework", "inside"} for one in self.adopt):
            return False
        return not self.lapse or self.frameworks

    def moves_exporters(self, law: Pack) -> bool:
        """Whether something ends or begins by which exporters are under a law, which no case tells: each is of one law."""
        return any(law.instruments[key].as_member for key in (*self.annul, *self.end, *(one.key for one in self.adopt)))

    @property
    def only_ends(self) -> bool:
        """Whether nothing is supposed but that listings, decisions, frameworks or clauses end, which can better nothing."""
        return not (self.adopt or self.moves or self.subs)

    @property
    def only_frees(self) -> bool:
        """Whether nothing is supposed but that decisions free countries, which can worsen nothing, nor be lent to the next."""
        return not (self.annul or self.end or self.changes_facts) and all(one.kind in BY_COUNTRY for one in self.adopt)

    def grounds(self, law: Pack) -> frozenset[str]:
        """What ends, by key, and every list that holds only for whom a list that lapses names too."""
        leaning = [key for key, one in law.instruments.items() if one.requires in self.lapse]
        return frozenset((*self.annul, *self.end, *self.lapse, *leaning))

    @property
    def changes_facts(self) -> bool:
        return bool(self.lapse or self.moves or self.subs)


def may_turn(judged: Judged, grounds: frozenset[str]) -> bool:
    """Whether a leg of which the law said this may be judged otherwise where nothing but these grounds ends."""
    return judged.outcome is Outcome.UNDETERMINED or judged.basis in grounds


def law_of(supposed: Supposed, pack: Pack, known_on: date) -> Pack:
    """The pack as it would be; the pack itself where nothing of the law is supposed to change. Raises Misused, LawError."""
    for key in supposed.annul:
        pack = ended(pack, key, supposed.day, known_on, annulled=True)
    for key in supposed.end:
        pack = ended(pack, key, supposed.day, known_on, annulled=False)
    for one in supposed.adopt:
        pack = adopted(pack, one, known_on)
    return pack


def touched(supposed: Supposed, law: Pack) -> frozenset[str] | None:
    """The countries, listings and instruments by whose names a leg or a hop may be judged otherwise; None: by any."""
    words = set(supposed.lapse)
    for key in (*supposed.annul, *supposed.end, *(one.key for one in supposed.adopt)):
        named = _named_by(law.instruments[key], law)
        if named is None:
            return None
        words |= named
    return frozenset(words)


def _named_by(one: Instrument, law: Pack) -> set[str] | None:
    """By what a leg or a hop that an instrument may carry names it; None where that cannot be told from what is on file."""
    if one.as_member:
        return None
    if one.kind in BY_COUNTRY:
        return {country for named in one.countries for country in law.within(named)}
    if one.kind == "framework":
        return {one.key}
    if one.kind == "clauses":
        return {key for key, other in law.instruments.items() if other.kind == "clauses" and other.mechanism == one.mechanism}
    return None


def as_supposed(supposed: Supposed) -> Callable[[Route], Route]:
    """What turns a leg or a hop into what it would be; one that stays as it is, is the same object."""
    betweens: dict[int, tuple[Between, Between]] = {}
    places = {one.party: one.country for one in supposed.moves}

    def told(route: Route) -> Route:
        found = betweens.get(id(route.between))
        if found is None:
            found = betweens[id(route.between)] = (route.between, _lapsed(route.between, supposed))
        country = places.get(route.importer, route.country)
        if found[1] is route.between and country == route.country:
            return route
        return msgspec.structs.replace(route, country=country, between=found[1])

    return told


def changed(supposed: Supposed, dossiers: Sequence[Dossier]) -> Iterator[Dossier]:
    """The dossiers as they would be, in their order."""
    if not supposed.changes_facts or not dossiers:
        yield from dossiers
        return
    told = as_supposed(supposed)
    hops = _hops(dossiers[0].hops, supposed, told)
    for one in dossiers:
        yield msgspec.structs.replace(one, route=told(one.route), hops=hops)


def _hops(
    hops: Mapping[int, tuple[Route, ...]], supposed: Supposed, told: Callable[[Route], Route]
) -> dict[int, tuple[Route, ...]]:
    """All onward hops, with those to companies that are not there yet: nothing is on file about them."""
    found = {party: tuple([told(route) for route in routes]) for party, routes in hops.items()}
    for number, one in enumerate(supposed.subs, 1):
        new = Route(supposed.day, None, one.party, -number, one.country, None, None, None, Between())
        found[one.party] = (*found.get(one.party, ()), new)
    return found


def lapsed(sort: Sort, supposed: Supposed) -> Sort:
    """What stands between two parties, the listings in the frameworks that lapse having lapsed."""
    names = set(supposed.lapse)
    if not any([one.framework in names for one in sort.listings]):
        return sort
    listings = tuple(
        [msgspec.structs.replace(one, status=LAPSED, overdue=False) if one.framework in names else one for one in sort.listings]
    )
    return msgspec.structs.replace(sort, listings=listings)


def _lapsed(between: Between, supposed: Supposed) -> Between:
    if not between.listings or not supposed.lapse:
        return between
    names = set(supposed.lapse)
    if not any(one.key in names or one.framework in names for one in between.listings):
        return between
    return msgspec.structs.replace(between, listings=tuple(_listings(between.listings, names, supposed.day)))


def _listings(listings: Sequence[Listing], names: set[str], day: date) -> Iterator[Listing]:
    """Those named have lapsed from the day on; a period of theirs that would begin later never does."""
    for one in listings:
        if one.key not in names and one.framework not in names:
            yield one
        elif one.holds(day):
            yield msgspec.structs.replace(one, status=LAPSED, until=None, next_due=None)
        elif one.since < day:
            yield one
