"""The watch: one look at the register, which records what now reads otherwise and raises one alert for each cause.

All of a look is one transaction. It first claims the place where the last one stopped, so that of several processes one
alone does the work, and a look that is killed leaves nothing behind.
"""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import msgspec

from assessments import reviews
from assessments.watch.acts import Act, acts, first_spans, touched
from assessments.watch.ahead import ahead
from assessments.watch.causes import Causes, raise_alerts
from assessments.watch.chain import hops_told, notices_told, uncovered
from assessments.watch.endings import endings
from assessments.watch.past import past_told
from assessments.watch.published import Published
from assessments.watch.recorded import Part, Standing, first_sight, gone, histories, recorded, turned, write
from assessments.watch.turns import Turn, Verdicts, by_new_law, next_turn, replay, seen
from registry import adopted, journal
from registry.database import uncollected
from registry.errors import Misused
from registry.journal import Book, Row
from registry.law import Pack
from registry.law.changes import known_days
from registry.vocabulary import AlertKind

WHO = "system:watch"
PART = 5_000  # transfers looked at together: what a look holds in memory does not grow with the register beyond them


class Looked(msgspec.Struct, frozen=True):
    """What one look did, or would have done.

    Of the `assessments`, `new` are on transfers that no verdict was on record of; `first_seen` are the keys of the alerts
    that tell of such transfers alone.
    """

    day: date
    sequence: int
    transfers: int
    assessments: int
    alerts: tuple[Row, ...]
    reviews: int
    new: int = 0
    first_seen: frozenset[str] = frozenset()


class Rehearsed(Exception):
    """Ends the transaction of a rehearsal."""


class Marks(msgspec.Struct, frozen=True):
    """Where the last look stood."""

    sequence: int
    day: date | None
    law_version: str

    @property
    def first(self) -> bool:
        return self.day is None


async def look(today: date, pack: Pack, *, rehearse: bool = False, clock: datetime | None = None) -> Looked:
    """One look: as of the day, by the law as known on it. A rehearsal writes nothing.

    The law is the pack that the register has adopted; the one given becomes it where there is none yet. Raises Misused for
    a day before that of the last look. `clock` moves a demo's own time.
    """
    done: Looked | None = None
    while done is None:
        try:
            with uncollected():
                async with journal.writing(WHO) as book:
                    if clock is not None:
                        await book.at.execute("select from journal_head for update")
                        await journal.set_clock(book.at, clock)
                    pack = await adopted.ruling(book, pack)
                    marks = await _marks(book.at)
                    if marks.day is not None and today < marks.day:
                        raise Misused(f"the last look was on {marks.day}: name that day or a later one, not {today}")
                    newest = await journal.newest(book.at)
                    if await _claimed(book.at, marks, newest, today, pack):
                        done = await _looked(Under(book, marks, newest, today, pack, Causes()))
                    if rehearse and done is not None:
                        await book.enter()
                        raise Rehearsed
        except Rehearsed:
            break
    assert done is not None  # noqa: S101
    return done


async def _marks(at: asyncpg.Connection) -> Marks:
    row = await at.fetchrow("select sequence, day, law_version from watched where id = 1")
    return Marks(0, None, "") if row is None else Marks(*row)


async def _claimed(at: asyncpg.Connection, marks: Marks, newest: int, today: date, pack: Pack) -> bool:
    """Whether this look is ours: the place of the last one is taken as it was read, or not at all."""
    await at.execute("insert into watched (id, sequence, day, law_version) values (1, 0, null, '') on conflict do nothing")
    claimed = await at.fetchval(
        "update watched set sequence = $1, day = $2, law_version = $3 "
        "where id = 1 and sequence = $4 and day is not distinct from $5 and law_version = $6 returning 1",
        newest,
        today,
        pack.version,
        marks.sequence,
        marks.day,
        marks.law_version,
    )
    return claimed is not None


class Under(msgspec.Struct):
    """A look that is under way: what it was claimed with, and the alerts it has found so far."""

    book: Book
    marks: Marks
    newest: int
    today: date
    pack: Pack
    causes: Causes
    spans: dict[str, str] = {}
    law_cause: str = ""
    new: int = 0

    @property
    def since(self) -> date:
        return self.marks.day or self.today

    @property
    def new_law(self) -> bool:
        return not self.marks.first and self.marks.law_version != self.pack.version


async def _looked(under: Under) -> Looked:
    """Everything that a look does, in its order."""
    at, causes, today, pack = under.book.at, under.causes, under.today, under.pack
    made = [] if under.marks.first else await acts(at, under.marks.sequence, under.newest)
    hops_told(made, causes)
    notices_told(made, causes)
    if not under.marks.first:
        await uncovered(at, made, under.since, today, causes)
    concerned = await touched(at, made)
    keys = await _keys(at, under.marks, set(concerned), today, pack)
    if keys is None:
        keys = [row[0] for row in await at.fetch("select key from transfer where thing = id order by key")]
    under.spans = await first_spans(at) if under.marks.first else {}
    under.law_cause = await adopted.cause(at, pack.version)
    count = 0
    for start in range(0, len(keys), PART):
        count += await _judged(under, keys[start : start + PART], concerned)
    await endings(at, pack, today, causes)
    await ahead(at, pack, today, causes)
    opened = await _reviews(under)
    await raise_alerts(under.book, causes, today, under.newest, pack.version)
    told = {row["key"] for row in causes.new if row["kind"] == AlertKind.VERDICT_CHANGED}
    return Looked(today, under.newest, len(keys), count, tuple(causes.new), opened, under.new, frozenset(told - causes.changed))


async def unseen(at: asyncpg.Connection, today: date, pack: Pack) -> list[str] | None:
    """The keys of the transfers that a look would judge now; None where it would judge all."""
    marks = await _marks(at)
    made = [] if marks.first else await acts(at, marks.sequence, await journal.newest(at))
    return await _keys(at, marks, set(await touched(at, made)), today, pack)


async def _keys(at: asyncpg.Connection, marks: Marks, concerned: set[str], today: date, pack: Pack) -> list[str] | None:
    """Those touched and those due; None, and all of them, at first, by law that came to be known, and by other files."""
    published = marks.day is not None and any(marks.day < day <= today for day in known_days(pack))
    if marks.first or published or marks.law_version != pack.version:
        return None
    due = await at.fetch("select t.key from due d join transfer t on t.id = d.transfer where d.day <= $1", today)
    return sorted(concerned.union(row[0] for row in due))


async def _judged(under: Under, keys: Sequence[str], concerned: dict[str, list[Act]]) -> int:
    """Looks at some transfers and records what turned; returns how many verdicts were recorded."""
    at, today, since, causes = under.book.at, under.today, under.since, under.causes
    law, part = Published(under.pack, since, today), Part(under.spans)
    left = await recorded(at, keys)
    for one in await histories(at, keys, concerned, under.marks.sequence):
        old = left.pop(one.thing, {})
        if under.marks.first:
            first_sight(part, one, old, seen(one.last, law.judge(today), today), today, causes)
        else:
            verdicts: Verdicts = {regime: row.seen for regime, row in old.items()}
            turns: list[Turn] = []
            if under.new_law:
                anew = seen(one.first, law.judge(since), since)
                turns, verdicts = list(by_new_law(verdicts, anew, since, today, under.law_cause)), anew
            turned(part, one, old, [*turns, *replay(one, verdicts, law, since, today)], causes)
            past_told(one, law.judge(today), today, causes)
        part.dues[one.thing] = next_turn(one.last, law.judge(today), today)
    gone(part, left, today)
    under.new += part.new
    standing = Standing(today, under.newest, under.pack.version)
    return await write(under.book, part, causes, standing)


async def _reviews(under: Under) -> int:
    """Opens the rounds that are near, and says which are due and overdue."""
    opened = await reviews.open_reviews(under.book, under.today, under.newest, under.pack)
    for one in await reviews.due(under.book.at, under.today, untold=True):
        cause = f"day:review:{one.vendor}:{one.due}" + ("" if one.overdue else ":opened")
        kind = AlertKind.REVIEW_OVERDUE if one.overdue else AlertKind.REVIEW_DUE
        under.causes.add(cause, kind, [f"review {one.vendor} due"], one.due, vendor=one.thing)
    return opened
