"""The one door for writes: every change of a fact or judgement goes in here, and its entry beside it.

    async with writing("cli:anna", "new vendor") as book:
        await book.record(Party, {"key": "acme", "since": ..., "name": ...})

Columns come and go as JSON values, the way PostgreSQL's own `to_jsonb` writes them; foreign keys name things by id.
Entries are the last statement of their transaction: they take sequence and time from the one row of `journal_head`, so
sequence, time and commit order are one. A personal value enters an entry only as SHA-256(salt | value).
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import msgspec
from piccolo.table import Table

from registry import database, schema, settings
from registry.errors import Refused, Stale
from registry.tables import Register
from registry.vocabulary import DEMO_NOTICE, EntryKind

OURS = "system:"  # what the names begin with under which the program itself writes
BATCH = 500  # rows a statement, and entries that take their numbers at once
Row = dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """One entry before it has its number: `image` is the row after the change, `why` the reason as it was given."""

    kind: EntryKind
    table: str
    row: int
    version: int
    image: Row
    why: str | None
    who: str


class Book:
    """The entries of one transaction, in the order in which they will be numbered."""

    def __init__(self, at: asyncpg.Connection, who: str, why: str | None) -> None:
        self.at = at
        self.who = who
        self.why = why
        self.entries: list[Entry] = []

    @property
    def typed(self) -> bool:
        """Whether somebody wrote it: what the program itself writes repeats what is on file."""
        return not self.who.startswith(OURS)

    @contextmanager
    def speaking(self, who: str | None, why: str | None) -> Iterator[None]:
        """For the entries written inside, somebody else or another reason."""
        before = self.who, self.why
        self.who, self.why = who or self.who, why or self.why
        try:
            yield
        finally:
            self.who, self.why = before

    async def record(self, table: type[Table], *rows: Row, kind: EntryKind = EntryKind.RECORDED) -> list[Row]:
        """Writes new rows; `thing` names the thing they are a period of, and is their own id where it is missing."""
        written: list[Row] = []
        for start in range(0, len(rows), BATCH):
            batch = [_complete(table, row) for row in rows[start : start + BATCH]]
            for full in batch if self.typed else ():
                schema.legible(table, full | {schema.WHY: self.why})
            written += await self._insert(table, batch)
        self.entries += [self._entry(kind, table, row) for row in written]
        return written

    async def change(self, table: type[Table], row: Row, on: date, **values: Any) -> Row | None:
        """The world changed: the row ends on the day, and where values are given a new one begins."""
        if on.isoformat() <= row["since"] or (row["until"] is not None and on.isoformat() > row["until"]):
            if on.isoformat() == row["since"]:
                raise Refused(
                    f"{schema.name(table)} {row['key']!r} began on {on} itself: it cannot change on its first day; say that it "
                    "was recorded wrongly (correct it), or name a later day"
                )
            raise Refused(
                f"{schema.name(table)} {row['key']!r} stands from {row['since']} until {row['until'] or 'now'}: "
                f"it cannot change on {on}; name a day between, or correct it"
            )
        if values and (schema.contents(table) or table.judged):  # type: ignore[attr-defined]
            raise Refused(f"{schema.name(table)} {row['key']!r} is what it is: end it with `until`, and record another")
        await self._update(EntryKind.CHANGED, table, row, {"until": on.isoformat()})
        if not values:
            return None
        following = {key: value for key, value in row.items() if key not in {"id", "version"}}
        begun = await self.record(table, following | {"since": on.isoformat()} | values, kind=EntryKind.CHANGED)
        return begun[0]

    async def end(self, table: type[Table], rows: Sequence[tuple[int, int]], on: date) -> int:
        """Ends many rows, given as id and version, on a day; one that began that very day counts on no day (voided)."""
        title = schema.name(table)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            fetched = await self.at.fetch(
                f'update "{title}" t set until = $3, version = t.version + 1 '
                "from unnest($1::bigint[], $2::int[]) r (id, version) "
                f"where t.id = r.id and t.version = r.version and t.since <= $3 returning {image(table, 't')}",
                [number for number, _ in batch],
                [version for _, version in batch],
                on,
            )
            if len(fetched) != len(batch):
                raise Refused(f"{title}: what was to end on {on} was changed in the meantime, or began later: look again")
            for record in fetched:
                after: Row = msgspec.json.decode(record[0])
                kind = EntryKind.VOIDED if after["since"] == after["until"] else EntryKind.CHANGED
                self.entries.append(self._entry(kind, table, after))
        return len(rows)

    async def correct(self, table: type[Table], row: Row, **values: Any) -> Row:
        """It was never so: columns change in place. What was known before stays as it was known."""
        if table.judged:  # type: ignore[attr-defined]
            raise Refused(f"{schema.name(table)} {row['key']!r} is a judgement, never edited: void it, and record another")
        if fixed := {"sha256", *schema.contents(table)} & values.keys() if schema.contents(table) else set():
            raise Refused(f"{schema.name(table)} {row['key']!r} {min(fixed)}: bytes are what they are: void it, file another")
        return await self._update(EntryKind.CORRECTED, table, row, values)

    async def void(self, table: type[Table], row: Row) -> Row:
        """Recorded by mistake: from now on it counts on no day."""
        if row["until"] == row["since"]:
            raise Refused(f"{schema.name(table)} {row['key']!r} is voided already")
        return await self._update(EntryKind.VOIDED, table, row, {"until": row["since"]})

    async def erase(self, table: type[Table], row: Row, **values: Any) -> Row:
        """A person's data go; `registry.people` deletes the values that older entries are commitments to."""
        return await self._update(EntryKind.ERASED, table, row, values)

    async def enter(self) -> None:
        """Writes the entries so far; until here they wait for the end, so that nobody waits for the head for long."""
        entries, self.entries = self.entries, []
        for start in range(0, len(entries), BATCH):
            await _enter_batch(self.at, entries[start : start + BATCH])

    async def _insert(self, table: type[Table], rows: Sequence[Row]) -> list[Row]:
        title = schema.name(table)
        listed = ", ".join(f'"{key}"' for key in rows[0])
        fetched = await self.at.fetch(
            f'insert into "{title}" ({listed}) select {listed} from jsonb_populate_recordset(null::"{title}", $1::jsonb) '
            f"returning {image(table)}",
            msgspec.json.encode(rows).decode(),
        )
        return [msgspec.json.decode(record[0]) for record in fetched]

    async def _update(self, kind: EntryKind, table: type[Table], row: Row, values: Row) -> Row:
        title = schema.name(table)
        if self.typed:
            schema.legible(table, values | {schema.WHY: self.why})
        changed = ", ".join(f'"{key}" = r."{key}"' for key in values)
        fetched = await self.at.fetchval(
            f'update "{title}" t set {changed}, version = t.version + 1 '
            f'from jsonb_populate_record(null::"{title}", $1::jsonb) r '
            f"where t.id = $2 and t.version = $3 returning {image(table, 't')}",
            msgspec.json.encode(values).decode(),
            row["id"],
            row["version"],
        )
        if fetched is None:
            stands = await self.at.fetchval(f'select version from "{title}" where id = $1', row["id"])
            raise Stale(f"{title} {row['key']!r} was changed by somebody else: look at it again, then edit", stands or 0)
        after: Row = msgspec.json.decode(fetched)
        self.entries.append(self._entry(kind, table, after))
        return after

    def _entry(self, kind: EntryKind, table: type[Table], row: Row) -> Entry:
        return Entry(kind, schema.name(table), row["id"], row["version"], row, self.why, self.who)


@asynccontextmanager
async def writing(who: str, why: str | None = None) -> AsyncIterator[Book]:
    """One transaction: what the book is told is written whole with its entries, or not at all."""
    settings.room_to_write()
    with _rules_explained():
        async with database.transaction() as at:
            book = Book(at, who, why)
            yield book
            await book.enter()


async def record(who: str, why: str | None, table: type[Table], row: Row, *, sent: str = "", leads_to: str = "") -> Row | None:
    """One new row with its entry, where there is nothing else to write: the whole transaction is a single statement.

    None, and nothing written, where the sending was taken before (see `once.record`).
    """
    settings.room_to_write()
    full = _complete(table, row)
    schema.legible(table, full | {schema.WHY: why})
    shown, values = committed(full, schema.personal(table))
    reason, reasons = committed({schema.WHY: why}, (schema.WHY,))
    behind = values | reasons
    with _rules_explained():
        async with database.single() as at:
            written = await at.fetchval(
                f"select onward_record_{schema.name(table)}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                msgspec.json.encode(full).decode(),
                msgspec.json.encode({name: shown[name] for name in values}).decode(),
                who,
                reason[schema.WHY],
                secrets.token_bytes(16),
                list(behind),
                [salt for salt, _ in behind.values()],
                [value for _, value in behind.values()],
                sent,
                leads_to,
            )
    return None if written is None else dict(msgspec.json.decode(written))


@contextmanager
def _rules_explained() -> Iterator[None]:
    """A rule of the database that was broken is told as any other refusal."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Refused(f"{error.table_name}: {explained(error)}") from error


def explained(error: asyncpg.IntegrityConstraintViolationError) -> str:
    """What a rule of the database means, in a line without the row's own data."""
    name = str(error.constraint_name)
    if isinstance(error, asyncpg.UniqueViolationError):
        return "it was recorded in the meantime: look at it again"
    if isinstance(error, asyncpg.ExclusionViolationError):
        return "the period overlaps another one of the same key: end that one first"
    if isinstance(error, asyncpg.NotNullViolationError):
        return f"{error.column_name}: cannot be left empty"
    if name.endswith("_period"):
        return "until: lies before `since`: mend one of them"
    return f"the rule {name} does not allow it"


async def open_register(who: str, *, demo_from: datetime | None = None) -> None:
    """Makes a register of an empty database; one that is there already stays what it is."""
    async with writing(who) as book:
        await begin(book, demo_from=demo_from)


async def begin(book: Book, *, demo_from: datetime | None = None) -> None:
    """Makes the first entry of an empty journal: what this register is, for good. A demo begins on its own first day."""
    await book.at.execute("select from journal_head for update")
    if await newest(book.at) > 0:
        return
    if demo_from is not None:
        await book.at.execute("update journal_head set clock = $1", demo_from)
    opened = demo_from or await book.at.fetchval("select clock_timestamp()")
    since = opened.astimezone(UTC).date().isoformat()
    await book.record(Register, {"key": "register", "since": since, "demo": demo_from is not None})
    await book.enter()


async def is_demo(at: asyncpg.Connection) -> bool:
    """Whether the first entry of the journal says that this is a demo."""
    return bool(await at.fetchval("""select (image->>'demo')::boolean from public.journal_entry where sequence = 1"""))


async def today(at: asyncpg.Connection) -> date:
    """The UTC date; on a demo the day at which its own clock stands."""
    clock = await at.fetchval("select clock from public.journal_head")
    return (clock or datetime.now(UTC)).astimezone(UTC).date()


async def newest(at: asyncpg.Connection) -> int:
    """The sequence of the newest entry, 0 before the first."""
    return int(await at.fetchval("select sequence from public.journal_head"))


async def set_clock(at: asyncpg.Connection, time: datetime) -> None:
    """A demo takes its time from its files: never backwards, never later than now, and on no other register."""
    if not await is_demo(at):
        raise Refused("only a demo register takes its time from its files")
    await at.execute("update journal_head set clock = least($1::timestamptz, clock_timestamp())", time)


async def current(at: asyncpg.Connection, table: type[Table], key: str, since: date | None = None) -> Row:
    """The row of a thing to change: its last period, or the one that began on a day. Raises Refused without one."""
    title = schema.name(table)
    found = await at.fetchval(
        f'select {image(table)} from "{title}" where key = $1 and ($2::date is null or since = $2) '
        f"order by (until = since) nulls first, since desc limit 1",
        key,
        since,
    )
    if found is None:
        raise Refused(f"{title} {key!r}{f' since {since}' if since else ''}: nothing of that key is recorded")
    row: Row = msgspec.json.decode(found)
    return row


def committed(values: Row, names: Sequence[str]) -> tuple[Row, dict[str, tuple[bytes, str]]]:
    """The values with commitments in place of the personal ones, and the salts and values behind them."""
    behind = {key: (secrets.token_bytes(16), as_text(values[key])) for key in names if values.get(key) is not None}
    return values | {key: commitment(*pair) for key, pair in behind.items()}, behind


def commitment(salt: bytes, value: str) -> str:
    """SHA-256(salt | value), hexadecimal."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def image(table: type[Table], alias: str | None = None) -> str:
    """The row as an entry holds it, as text."""
    return f"{schema.image(table, alias)}::text"


def _complete(table: type[Table], row: Row) -> Row:
    """The row with the default of every column that is not spoken of; `id` is the database's where it is missing."""
    full = {"version": 1}
    for key, column in schema.columns(table).items():
        if key not in schema.OWN:
            full[key] = row[key] if key in row else column.get_default_value()
    return full | {key: row[key] for key in ("id", "thing") if row.get(key) is not None}


async def _enter_batch(at: asyncpg.Connection, entries: Sequence[Entry]) -> None:
    images, behind = [], []
    for place, entry in enumerate(entries, start=1):
        table = schema.by_name()[entry.table]
        shown, values = committed(entry.image, schema.personal(table))
        reason, why = committed({schema.WHY: entry.why}, (schema.WHY,))
        images.append((shown, reason[schema.WHY]))
        behind += [(place, name, *pair) for name, pair in (values | why).items()]
    await at.execute(
        _ENTER,
        [entry.kind.value for entry in entries],
        [entry.who for entry in entries],
        [entry.table for entry in entries],
        [entry.row for entry in entries],
        [entry.version for entry in entries],
        [msgspec.json.encode(shown).decode() for shown, _ in images],
        [why for _, why in images],
        [secrets.token_bytes(16) for _ in entries],
        [place for place, *_ in behind],
        [name for _, name, *_ in behind],
        [salt for *_, salt, _ in behind],
        [value for *_, value in behind],
    )


_ENTER = "select onward_enter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


class Written(msgspec.Struct, frozen=True):
    """An entry as it stands in the journal; `values` and `why` hold what its commitments are to, until it is erased."""

    sequence: int
    at: datetime
    kind: str
    who: str
    table: str
    row: int
    version: int
    image: Row
    values: dict[str, str]
    why_commitment: str | None
    why: str | None
    notice: str | msgspec.UnsetType = msgspec.UNSET


async def entries() -> list[Written]:
    """The journal, in order; a demo's entries say that they are invented."""
    notice = DEMO_NOTICE if await is_demo(database.connection()) else msgspec.UNSET
    rows = await database.fetch("""
        select e.sequence, e.at, e.kind, e.who, e."table", e."row", e.version, e.image::text, e.why,
            coalesce((select jsonb_object_agg(v.name, v.value) from journal_value v where v.sequence = e.sequence), '{}')::text
        from journal_entry e order by e.sequence""")
    written = []
    for sequence, at, kind, who, table, row, version, shown, why, behind in rows:
        values = msgspec.json.decode(behind, type=dict[str, str])
        reason = values.pop(schema.WHY, None)
        written.append(
            Written(sequence, at, kind, who, table, row, version, msgspec.json.decode(shown), values, why, reason, notice)
        )
    return written
