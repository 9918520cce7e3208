"""Verdicts as they were recorded over time: of which transfer, from which day on, on which law, and what they rested on."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import msgspec

_RECORDED = """
select t.key, a.regime, e.sequence, e.at, a.since, a.until, a.outcome, a.path_outcome, a.basis, a.last_day, a.codes,
    a.rests_on, a.law_version, l.key, a.key
from assessment a join transfer t on t.id = a.transfer
join public.journal_entry e on e."table" = 'assessment' and e."row" = a.id and e.version = 1
left join alert l on l.id = a.alert
where $1::text[] is null or t.key = any($1) order by e.sequence"""


class RecordedVerdict(msgspec.Struct, frozen=True):
    """One verdict on record. It held from `since` until `until` (null: it stands); `since = until` is one that was taken back.

    `sequence` and `recorded_at` are those of its own entry, `rests_on` the newest entry that was read for it.
    """

    transfer: str
    regime: str
    sequence: int
    recorded_at: datetime
    since: date
    until: date | None
    outcome: str
    path_outcome: str
    basis: str | None
    last_day: date | None
    codes: list[str] | None
    rests_on: int | None
    law_version: str | None
    alert: str | None
    key: str


async def recorded_verdicts(at: asyncpg.Connection, transfers: Sequence[str] | None = None) -> list[RecordedVerdict]:
    """Every verdict on record of some transfers, or of all, in the order in which they were recorded."""
    return [RecordedVerdict(*row) for row in await at.fetch(_RECORDED, None if transfers is None else list(transfers))]
