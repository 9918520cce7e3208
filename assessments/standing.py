"""What stands on a page's clocks: how many transfers may go ahead, and which may not, the worst first.

Today is read from the verdicts the watch recorded, and what it has not looked at yet is judged beside them; other clocks
are judged once and kept, for a picture of the past never changes (design, section 6).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import anyio.to_thread
import asyncpg
import msgspec

from assessments.assess import Clocks
from assessments.dossier import open_dossiers
from assessments.rules import Dossier
from assessments.verdicts import Judge
from assessments.watch import unseen
from registry import database
from registry.law import Pack
from registry.vocabulary import RANKING, Outcome

SHOWN = 50  # of those at risk
UNSEEN = 2_000  # more than these are not judged beside the recorded: the whole register is
KEPT = 16  # pictures
GOES_AHEAD = (Outcome.PERMITTED, Outcome.NO_TRANSFER)

# The newest entry's random bytes name the picture, among all registers.
_PICTURE = """select nonce from public.journal_entry where sequence = coalesce(
    nullif(current_setting('onward.known_on', true), '')::bigint, (select sequence from public.journal_head))"""
_COUNTED = """select path_outcome, count(*) from assessment
where until is null and transfer <> all($1::bigint[]) group by path_outcome"""
_AT_RISK = f"""select t.key, a.path_outcome from assessment a join transfer t on t.id = a.transfer
where a.until is null and a.path_outcome <> all($2) and a.transfer <> all($1::bigint[])
order by array_position($3, a.path_outcome::text), t.key limit {SHOWN}"""

Judged = list[tuple[str, Outcome]]


class Standing(msgspec.Struct, frozen=True):
    """How many verdicts there are of each outcome, chains included, and the keys of the worst transfers."""

    counted: dict[Outcome, int]
    at_risk: tuple[str, ...]


_kept: dict[tuple[bytes, date, date, str], Standing] = {}


async def standing(pack: Pack, clocks: Clocks, *, now: bool) -> Standing:
    """The picture on those clocks; `now` where both stand at today."""
    async with database.as_known(clocks.instant) as at:
        if now and (recorded := await _recorded(at, pack, clocks)):
            return recorded
        asked = (await at.fetchval(_PICTURE), clocks.as_of, clocks.known_on, pack.version)
        if asked in _kept:
            return _kept[asked]
        dossiers = await open_dossiers()
    judged = await anyio.to_thread.run_sync(_judged, dossiers, pack, clocks)
    _kept[asked] = _standing(Counter(outcome for _, outcome in judged), judged)
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return _kept[asked]


async def _recorded(at: asyncpg.Connection, pack: Pack, clocks: Clocks) -> Standing | None:
    """From what is recorded and the little that is not; None where the watch has not looked at the register as it is."""
    keys = await unseen(at, clocks.as_of, pack)
    if keys is None or len(keys) > UNSEEN:
        return None
    dossiers = await open_dossiers(keys) if keys else []
    fresh = _judged(dossiers, pack, clocks)
    things = [row[0] for row in await at.fetch("select id from transfer where key = any($1) and thing = id", keys)]
    counted = Counter({Outcome(row[0]): row[1] for row in await at.fetch(_COUNTED, things)})
    risky = await at.fetch(_AT_RISK, things, GOES_AHEAD, sorted(RANKING, key=RANKING.__getitem__))
    return _standing(
        counted + Counter(outcome for _, outcome in fresh), [*((row[0], Outcome(row[1])) for row in risky), *fresh]
    )


def _judged(dossiers: Iterable[Dossier], pack: Pack, clocks: Clocks) -> Judged:
    judge = Judge(pack, clocks.known_on)
    return [(one.key, reading.path_outcome) for one in dossiers for reading in judge.readings(one, clocks.as_of)]


def _standing(counted: Counter[Outcome], judged: Judged) -> Standing:
    risky = sorted((RANKING[outcome], key) for key, outcome in judged if outcome not in GOES_AHEAD)
    return Standing(dict(counted), tuple(dict.fromkeys(key for _, key in risky))[:SHOWN])
