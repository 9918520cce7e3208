"""What an alert changed: from which verdict to which, those alike together and counted, and whether it is to the good."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg
import msgspec

from assessments.named import names
from assessments.wording import law_name, written
from registry.law import Pack
from registry.vocabulary import GOES_AHEAD, RANKING, Outcome

MOST = 5  # so many flows of a change are told; of the others it is said how many they are

# The verdict before is that of the same law which stood until the day of the new one; `held` says that on this day another
# law did not let the flow go ahead.
_CHANGED = f"""
with mine as not materialized (select * from assessment where alert = any($1::bigint[])),
before as (
    select m.id, max(b.id) as was
    from mine m join assessment b on b.transfer = m.transfer and b.regime = m.regime and b.id < m.id and b.until >= m.since
    group by m.id),
held as (
    select distinct m.id from mine m join assessment o on o.transfer = m.transfer and o.regime <> m.regime
        and o.since <= m.since and (o.until is null or o.until > m.since) and o.path_outcome <> all(array[{{}}]::text[])),
told as (
    select n.alert, n.regime, b.outcome as was, b.path_outcome as was_path, b.basis as was_basis, n.outcome,
        n.path_outcome, n.basis, b.codes is distinct from n.codes as noted, held.id is not null as held, n.transfer
    from mine n left join before using (id) left join assessment b on b.id = before.was
    left join held on held.id = n.id)
select alert, regime, was, was_path, was_basis, outcome, path_outcome, basis, noted, held, count(*) as count,
    array(select one from unnest(array_agg(transfer)) one order by one limit {MOST}) as first
from told group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
""".format(", ".join(f"'{one}'" for one in sorted(GOES_AHEAD)))

_STOPPED = "select transfer, min(since) from suspension where transfer = any($1::bigint[]) and until is null group by 1"


class Flow(msgspec.Struct, frozen=True):
    """A transfer whose verdict changed by an alert's cause; `said` tells also from when it is stopped without an end."""

    transfer: str
    said: str


class Side(msgspec.Struct, frozen=True):
    """A verdict before or after: the leg's own outcome with what it rests on, and that of the chain beneath included."""

    outcome: Outcome
    path_outcome: Outcome
    basis: str | None

    @property
    def goes_ahead(self) -> bool:
        return self.path_outcome in GOES_AHEAD


class Change(msgspec.Struct, frozen=True):
    """Some transfers whose verdict under a law changed alike by one cause; `was` is None where it is their first one.

    `held` says that another law did not let them go ahead on that day; `flows` are the first few of them.
    """

    regime: str
    was: Side | None
    now: Side
    held: bool
    said: str
    transfers: int
    flows: tuple[Flow, ...]
    more_flows: int

    @property
    def goes_ahead(self) -> bool:
        return self.now.goes_ahead and not self.held

    @property
    def freed(self) -> bool:
        """Whether it could not go ahead, and may."""
        return self.goes_ahead and self.was is not None and not self.was.goes_ahead

    @property
    def better(self) -> bool:
        return self.was is not None and RANKING[self.now.path_outcome] > RANKING[self.was.path_outcome]


async def changes_of(at: asyncpg.Connection, alerts: Sequence[int], pack: Pack) -> Mapping[int, tuple[Change, ...]]:
    """What each of some alerts changed: first what may not go ahead, and of that what touches most."""
    rows = await at.fetch(_CHANGED, list(alerts))
    things = sorted({thing for row in rows for thing in row["first"]})
    keys = {row[0]: row[1] for row in await at.fetch("select id, key from transfer where id = any($1::bigint[])", things)}
    called = await names(at, "transfer", sorted(keys.values()), pack.on(date.max, date.max))
    for row in await at.fetch(_STOPPED, things):
        called[keys[row[0]]] += f" (stopped from {written(row[1])})"
    found: dict[int, list[Change]] = {}
    for row in rows:
        was = None if row["was"] is None else Side(Outcome(row["was"]), Outcome(row["was_path"]), row["was_basis"])
        now = Side(Outcome(row["outcome"]), Outcome(row["path_outcome"]), row["basis"])
        said = f"{_said(was, now, pack, noted=row['noted'])}, under {law_name(row['regime'])}"
        said += "; another law does not let it go ahead" if row["held"] and now.goes_ahead else ""
        flows = tuple(Flow(key, called[key]) for key in sorted(keys[thing] for thing in row["first"]))
        more = row["count"] - len(flows)
        change = Change(row["regime"], was, now, row["held"], said, row["count"], flows, more)
        found.setdefault(row["alert"], []).append(change)
    return {alert: tuple(sorted(some, key=_urgency)) for alert, some in found.items()}


def _urgency(one: Change) -> tuple[bool, int, int, str]:
    return one.goes_ahead, RANKING[one.now.path_outcome], -one.transfers, one.said


def _said(was: Side | None, now: Side, pack: Pack, *, noted: bool) -> str:
    """From which verdict to which; where it is the same one, that something else about it changed."""
    then = _verdict(now, pack)
    if was is None:
        return f"first verdict: {then}"
    if was == now and noted:
        return f"{then}, as before, with other {'remarks' if now.goes_ahead else 'reasons'}"
    return f"{_verdict(was, pack)} → {then}"


def _verdict(one: Side, pack: Pack) -> str:
    said, on = words(one.outcome), pack.title(one.basis) if one.basis else ""
    if on:
        said += f" on {on}" if one.outcome is Outcome.PERMITTED else f" ({on})"
    return said if one.path_outcome == one.outcome else f"{said}, but {words(one.path_outcome)} further down"


def words(outcome: Outcome) -> str:
    return "no transfer abroad" if outcome is Outcome.NO_TRANSFER else outcome.value.replace("_", " ")
