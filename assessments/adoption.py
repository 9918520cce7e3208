"""What another law would change: every verdict that would read otherwise, on which days, and which files differ.

Both laws judge the register as it stands, each as published by the same day. Nothing is written here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from assessments.dossier import open_dossiers
from assessments.rules import Dossier, earliest
from assessments.verdicts import Judge
from assessments.watch.turns import Seen, Verdicts, next_turn, seen
from registry.database import as_known, fetch, uncollected
from registry.law import ONE_DAY, Pack
from registry.vocabulary import Outcome

PART = 5_000  # transfers judged together: memory does not grow with the register beyond them


class Said(msgspec.Struct, frozen=True):
    """A verdict as one of the laws says it."""

    outcome: Outcome
    path_outcome: Outcome
    basis: str | None
    last_day: date | None
    codes: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """The days from `since` until `until` (null: from then on) on which a verdict reads otherwise; null: there is none."""

    transfer: str
    regime: str
    since: date
    until: date | None
    was: Said | None = msgspec.field(name="from")
    now: Said | None = msgspec.field(name="to")

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def last_day(self) -> date | None:
        return None if self.until is None else self.until - ONE_DAY


class Altered(msgspec.Struct, frozen=True):
    """The files in which two packs differ, by name without folder and ending."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    altered: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True):
    """What would change on adoption, seen on a day; `unread` says why it cannot be told, where it cannot."""

    was: str | None = msgspec.field(name="from")
    now: str = msgspec.field(name="to")
    day: date
    files: Altered
    changes: tuple[Change, ...]
    unread: str | None = None

    @property
    def today(self) -> list[Change]:
        """Those that change what is so on the day."""
        return [one for one in self.changes if one.holds(self.day)]


def unread(rules: str | None, new: Pack, today: date, why: str) -> Preview:
    """A preview where there is no law to compare with: none was adopted yet, or the one that rules cannot be read here."""
    return Preview(rules, new.version, today, altered({}, new.sources), (), why)


async def previewed(old: Pack, new: Pack, today: date) -> Preview:
    """What would change if one law took the place of another: those that concern today first, then by day and transfer."""
    found: list[Change] = []
    async with as_known(None):
        keys = [row[0] for row in await fetch("select key from transfer where thing = id order by key")]
        judges = Judge(old, today), Judge(new, today)
        for start in range(0, len(keys), PART):
            with uncollected():
                for key, dossiers in _by_key(await open_dossiers(keys[start : start + PART])).items():
                    found += changes(key, dossiers, *judges)
    found.sort(key=lambda one: (not one.holds(today), one.since, one.transfer, one.regime))
    return Preview(old.version, new.version, today, altered(old.sources, new.sources), tuple(found))


def altered(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Altered:
    """The files that only one of two packs has, and those that both have with other bytes."""
    shared = old.keys() & new.keys()
    named = (new.keys() - old.keys(), old.keys() - new.keys(), {name for name in shared if old[name] != new[name]})
    return Altered(*(tuple(sorted(name.rpartition("/")[2].removesuffix(".toml") for name in some)) for some in named))


def changes(key: str, dossiers: Sequence[Dossier], old: Judge, new: Judge) -> Iterator[Change]:
    """The stretches of days on which the verdicts of a transfer differ between two judges, from its first day on."""
    open_: dict[str, Change] = {}
    for day in _days(dossiers, old, new):
        was, now = seen(dossiers, old, day), seen(dossiers, new, day)
        for regime in sorted({*was, *now, *open_}):
            yield from _stretched(open_, Change(key, regime, day, None, _said(was, regime), _said(now, regime)))
    yield from open_.values()


def _stretched(open_: dict[str, Change], here: Change) -> Iterator[Change]:
    """Goes on with what is open under a regime, or closes it and opens what differs from this day on."""
    before = open_.get(here.regime)
    if before is not None and (before.was, before.now) == (here.was, here.now):
        return
    if before is not None:
        yield msgspec.structs.replace(open_.pop(here.regime), until=here.since)
    if here.was != here.now:
        open_[here.regime] = here


def _days(dossiers: Sequence[Dossier], old: Judge, new: Judge) -> Iterator[date]:
    """Every day on which the verdicts of either judge may turn, from the transfer's first."""
    day: date | None = min(one.route.since for one in dossiers)
    while day is not None:
        yield day
        day = earliest(next_turn(dossiers, old, day), next_turn(dossiers, new, day))


def _said(verdicts: Verdicts, regime: str) -> Said | None:
    found: Seen | None = verdicts.get(regime)
    if found is None:
        return None
    return Said(found.outcome, found.path_outcome, found.basis, found.last_day, tuple(sorted(found.codes)))


def _by_key(dossiers: Sequence[Dossier]) -> dict[str, list[Dossier]]:
    found: dict[str, list[Dossier]] = {}
    for one in dossiers:
        found.setdefault(one.key, []).append(one)
    return found
