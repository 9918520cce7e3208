"""What stands on a page's clocks: how many transfers may go ahead, and which may not, the worst first.

Today is read from the verdicts the watch recorded, and what it has not looked at yet is judged beside them; other clocks
are judged once and kept, for a picture of the past never changes (design, section 6).
"""

from collections.abc import Iterable
from datetime import date

import anyio.to_thread
import asyncpg

from assessments.assess import Clocks
from assessments.dossier import open_dossiers
from assessments.rules import Dossier
from assessments.verdicts import Judge
from assessments.watch import unseen
from registry import database
from registry.law import Pack
from registry.vocabulary import GOES_AHEAD, RANKING, Outcome

UNSEEN = 2_000  # more than these are not judged beside the recorded: the whole register is
KEPT = 8  # pictures

# The newest entry's random bytes name the picture, among all registers.
_PICTURE = """select nonce from public.journal_entry where sequence = coalesce(
    nullif(current_setting('onward.known_on', true), '')::bigint, (select sequence from public.journal_head))"""
_RECORDED = """select t.key, a.path_outcome from assessment a join transfer t on t.id = a.transfer
where a.until is null and t.key <> all($1)"""

Standing = dict[Outcome, tuple[str, ...]]
"""The keys of the transfers of each outcome, the worst outcome first: of a transfer, its worst, its chain included."""

_kept: dict[tuple[bytes, date, date, str], Standing] = {}


async def standing(pack: Pack, clocks: Clocks, *, now: bool) -> Standing:
    """The picture on those clocks; `now` where both stand at today."""
    async with database.as_known(clocks.instant) as at:
        asked = (await at.fetchval(_PICTURE), clocks.as_of, clocks.known_on, pack.version)
        if asked in _kept:
            return _kept[asked]
        found = await _recorded(at, pack, clocks) if now else None
        dossiers = await open_dossiers() if found is None else []
    if found is None:
        found = _standing(await anyio.to_thread.run_sync(_judged, dossiers, pack, clocks))
    _kept[asked] = found
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return found


async def _recorded(at: asyncpg.Connection, pack: Pack, clocks: Clocks) -> Standing | None:
    """From what is recorded and the little that is not; None where the watch has not looked at the register as it is."""
    keys = await unseen(at, clocks.as_of, pack)
    if keys is None or len(keys) > UNSEEN:
        return None
    known = [(row[0], Outcome(row[1])) for row in await at.fetch(_RECORDED, keys)]
    return _standing([*known, *(_judged(await open_dossiers(keys), pack, clocks) if keys else ())])


def _judged(dossiers: Iterable[Dossier], pack: Pack, clocks: Clocks) -> list[tuple[str, Outcome]]:
    judge = Judge(pack, clocks.known_on)
    return [(one.key, reading.path_outcome) for one, reading in judge.judged(dossiers, clocks.as_of)]


def _standing(judged: Iterable[tuple[str, Outcome]]) -> Standing:
    worst: dict[str, Outcome] = {}
    for key, outcome in judged:
        worst[key] = min(outcome, worst.get(key, outcome), key=RANKING.__getitem__)
    keys: dict[Outcome, list[str]] = {outcome: [] for outcome in sorted(RANKING, key=RANKING.__getitem__)}
    for key in sorted(worst):
        keys[worst[key]].append(key)
    return {outcome: tuple(found) for outcome, found in keys.items()}


def at_risk(standing: Standing, most: int, stopped: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """The keys of those that flow and may not go ahead as they are, the worst first; and of those that are stopped."""
    flowing: list[str] = []
    halted: list[str] = []
    for outcome, keys in standing.items():
        halted += [key for key in keys if key in stopped]
        if outcome not in GOES_AHEAD:
            flowing += [key for key in keys if key not in stopped]
    return flowing[:most], halted[:most]


async def stopped(at: asyncpg.Connection, day: date) -> frozenset[str]:
    """The keys of the transfers that are stopped on the day."""
    rows = await at.fetch(
        """select distinct t.key from suspension s join transfer t on t.thing = s.transfer
        where s.since <= $1 and (s.until is null or s.until > $1)""",
        day,
    )
    return frozenset(key for (key,) in rows)
