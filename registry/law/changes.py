"""What of the law turns on a day, and the law as it would stand without it: the other half of asking why.

A change turns on the day of its effect, and on the day it became known where that is later or earlier; nothing turns
before it was known.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from registry.law import FOREVER, Pack
from registry.law.files import Event, Instrument, Membership, Scope, Territory


class Change(msgspec.Struct, frozen=True):
    """One thing that turns: `key` names the instrument (or the country of a membership), `citation` where it stands."""

    cause: str
    key: str
    effect: date
    citation: str
    part: Event | Scope | Territory | Membership
    begins: bool


def changes(pack: Pack, day: date) -> tuple[Change, ...]:
    """What turns on the day, in the order of the files."""
    return tuple(one for one in _every(pack) if _turns(one, day))


def known_days(pack: Pack) -> frozenset[date]:
    """Every day on which law became known: nobody could say before it what would be due by it."""
    return frozenset(_known(one) for one in _every(pack)) - {date.min}


def without(pack: Pack, gone: Sequence[Change]) -> Pack:
    """The pack as if these had never come: what began never did, what ended goes on."""
    instruments = dict(pack.instruments)
    memberships = list(pack.memberships)
    for one in gone:
        if isinstance(one.part, Membership):
            memberships = [_kept(part, one) for part in memberships if not (part == one.part and one.begins)]
        else:
            instruments[one.key] = _lessened(instruments[one.key], one)
    return Pack(msgspec.structs.replace(pack.files, instruments=instruments, memberships=tuple(memberships)))


def _lessened(instrument: Instrument, gone: Change) -> Instrument:
    name = "events" if isinstance(gone.part, Event) else "scope" if isinstance(gone.part, Scope) else "territory"
    parts = tuple(_kept(part, gone) for part in getattr(instrument, name) if not (part == gone.part and gone.begins))
    return msgspec.structs.replace(instrument, **{name: parts})


def _kept(part: Any, gone: Change) -> Any:
    return msgspec.structs.replace(part, until=FOREVER) if part == gone.part else part


def _known(one: Change) -> date:
    if isinstance(one.part, Event):
        return one.part.known
    if isinstance(one.part, Territory):
        return date.min
    return one.part.known if one.begins else one.part.until_known


def _turns(one: Change, day: date) -> bool:
    known = _known(one)
    return known <= day and day in (known, one.effect)


def _every(pack: Pack) -> Iterator[Change]:
    for key, one in pack.instruments.items():
        for event in one.events:
            yield Change(f"law:{key}:{event.what}:{event.effect}", key, event.effect, event.citation, event, True)
            if event.alternative is not None:
                cause = f"law:{key}:{event.what} disputed:{event.alternative}"
                yield Change(cause, key, event.alternative, event.citation, event, True)
        for scope in one.scope:
            yield from _ends(f"law:{key}:scope {scope.fact}", key, scope, scope.since, scope.until)
        for area in one.territory:
            yield from _ends(f"law:{key}:territory {area.area}", key, area, area.since, area.until)
    for member in pack.memberships:
        yield from _ends(f"law:{member.country}:{member.area}", member.country, member, member.since, member.until)


def _ends(cause: str, key: str, part: Scope | Territory | Membership, since: date, until: date) -> Iterator[Change]:
    if since > date.min:
        yield Change(f"{cause}:{since}", key, since, part.citation, part, True)
    if until < FOREVER:
        yield Change(f"{cause}:ends:{until}", key, until, part.citation, part, False)
