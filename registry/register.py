"""The whole register in a file and out of it: `{table: [row, …]}`, a row naming others by their keys.

What export writes, import reads, and the export of that is the same bytes. Import is all or nothing. A row may say in
`entry` that it changes, corrects, voids or erases what is recorded already; without that it must be new.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from piccolo.columns import Bytea, Column, Date
from piccolo.table import Table

from registry import journal, law, once, people, schema
from registry.database import as_known, single
from registry.errors import Refused, Unfit
from registry.journal import Book, Row
from registry.tables import Circumstance, Erased, LawPack, Person, Register, SigningKey, is_country, is_moment
from registry.unfit import converted
from registry.vocabulary import DEMO_NOTICE, NUMBERS, EntryKind, PersonRole

REGISTER = "register"
ITSELF = {schema.name(table) for table in (Erased, LawPack, Register, SigningKey)}
LARGEST = 25 * 2**20  # bytes of a document
MOST_TOLD = 20  # rows of a file that do not fit
MOST_MONTHS = 120  # between two reviews of a vendor
EARLIEST, LATEST = "1900-01-01", "2999-12-31"
UNSAID = (
    "say until when the auditor may sign in, as YYYY-MM-DDTHH:MMZ in UTC, or that there is no end: null; "
    "left out, access would be longer by omission"
)
OPENING = {"key": REGISTER, "demo": True, "notice": DEMO_NOTICE}


def is_day(text: str) -> bool:
    """Whether the text is a day that may be recorded, as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text and EARLIEST <= text <= LATEST
    except ValueError:
        return False


class Given(msgspec.Struct):
    """A row of a file, checked: where it stood, its columns as JSON values, and what it says about its entry."""

    place: str
    table: type[Table]
    values: Row
    note: schema.EntryNote


def read_file(path: Path) -> dict[str, list[Row]]:
    """The tables of a register file. Raises Refused for what cannot be read as one."""
    if path.is_char_device():
        raise Refused(f"{path}: is no file: name a register file, {{table: [row, …]}}")
    try:
        content = path.read_bytes()
        if not content.strip():
            raise Refused(f"{path.name}: the file is empty: a register file is {{table: [row, …]}}")
        read = json.loads(content, object_pairs_hook=_object)
        tables = msgspec.convert(read, dict[str, list[dict[str, Any]]])
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        if isinstance(error, UnicodeDecodeError) or b"\0" in content:
            raise Refused(f"{path.name}: is no JSON text file: a register file is {{table: [row, …]}}") from error
        raise Refused(f"{path.name}: {error}: a register file is {{table: [row, …]}}") from error
    if re.search(rb"\\u[dD][89a-fA-F]", content):
        _whole_characters(tables)
    for table in tables:
        if table not in schema.by_name():
            raise Refused(f"{path.name}: no table is called {table[:60]!r}: there are {', '.join(sorted(schema.by_name()))}")
    return tables


def _whole_characters(tables: dict[str, list[Row]]) -> None:
    """Raises Refused, naming the field, for half a character: JSON can escape one alone, and no text can hold it."""
    for table, rows in tables.items():
        for number, row in enumerate(rows):
            for field, value in row.items():
                try:
                    json.dumps([field, value], ensure_ascii=False).encode()
                except UnicodeEncodeError as error:
                    place = f"{ascii(table)[1:-1][:60]}[{number}] {ascii(field)[1:-1][:60]}"
                    raise Refused(f"{place}: holds half a character (\\ud800 to \\udfff alone): write it whole") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which every name stands once: of two, one would be lost."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1)
        raise ValueError(f"{twice[:60]!r} stands twice in one object")
    return found


def is_demo_file(tables: dict[str, list[Row]]) -> bool:
    """Whether the file was exported from a demo. Raises Refused where it says anything else about the register."""
    rows = tables.get(REGISTER, [])
    if rows and rows != [OPENING]:
        raise Refused(f"{REGISTER}[0]: only a demo's own mark may stand here: take the table out")
    return bool(rows)


def checked(tables: dict[str, list[Row]]) -> list[Given]:
    """The rows of a file, each against its table's columns. Raises Unfit for those that do not fit, in their order."""
    for table in ITSELF - {REGISTER}:
        if tables.get(table):
            raise Refused(f"{table}[0]: a register writes it itself: take the table out")
    found, wrong = [], []
    for table, rows in tables.items():
        for number, row in enumerate(rows if table not in ITSELF else ()):
            try:
                found.append(_checked(table, number, row))
            except Refused as error:
                wrong.append(str(error))
    if wrong:
        more = [f"rows that do not fit either: {len(wrong) - MOST_TOLD}"] if len(wrong) > MOST_TOLD else []
        raise Unfit(*wrong[:MOST_TOLD], *more)
    return found


async def import_register(
    tables: dict[str, list[Row]],
    who: str,
    why: str | None,
    source: str,
    *,
    demo_from: datetime | None = None,
    dry_run: bool = False,
    sent: tuple[str, str] | None = None,
) -> int:
    """Writes the rows of a file, one entry a row, in one transaction; returns how many. Raises Refused, changing nothing.

    `sent` is a key of the sender's and the file's SHA-256: TakenBefore is raised where that came already (`once.take_file`).
    In an empty database the register itself begins with it, as a demo from `demo_from` on, or as none.
    """
    given = checked(tables)
    for row in given:
        if row.note.kind in {EntryKind.CORRECTED, EntryKind.VOIDED, EntryKind.ERASED} and not (row.note.why or why):
            raise Refused(f"{row.place} entry why: say for what reason it is {row.note.kind}")
    try:
        async with journal.writing(who, why or f"imported from {source}") as book:
            if sent is not None:
                await once.take_file(book.at, *sent)
            await journal.begin(book, demo_from=demo_from)
            demo = await journal.is_demo(book.at)
            if is_demo_file(tables) and not demo:
                raise Refused(f"{REGISTER}[0]: invented data of a demo do not enter a register that is none")
            await write(book, given, demo=demo)
            if dry_run:
                raise _Rehearsed
    except _Rehearsed:
        pass
    return len(given)


async def write(book: Book, given: list[Given], *, demo: bool) -> None:
    """Writes checked rows: first what is new, a table after those it refers to, then what changes what was there."""
    fresh, later = [row for row in given if not _alters(row)], [row for row in given if _alters(row)]
    things = await _things(book.at, given)
    for table in schema.tables():
        await _record(book, [row for row in fresh if row.table is table], things, demo=demo)
    for row in later:
        with _speaking(book, row, demo=demo):
            try:
                await _alter(book, row, things)
            except asyncpg.IntegrityConstraintViolationError as error:
                raise Refused(f"{row.place} {journal.explained(error)}") from error


async def record_new(who: str, table: str, row: Row, sent: str, leads_to: str) -> None:
    """One new row as a form gives it, taken once; what it refers to is looked up before, and never goes away again.

    Raises SentBefore where the sending was taken already; Refused, writing nothing, for what does not fit or names nothing.
    """
    (given,) = checked({table: [row]})
    if given.note != schema.EntryNote():
        raise ValueError("only what is simply recorded: `write` knows the other kinds of entry")
    if any(given.values.get(column) is not None for column in schema.links(given.table)):
        async with single() as at:
            _linked(given, await _things(at, [given]))
    await once.record(who, None, given.table, given.values, sent, leads_to)


async def export_register(
    as_of: date | None = None, instant: datetime | None = None, show: Callable[[str, Row], Row | None] | None = None
) -> bytes:
    """The register as a file: all of it, or what stands on a day with what that refers to, as known at an instant.

    `show` says how much of a row of a table is shown, None for nothing of it (see `extract.Cut.row`).
    """
    async with as_known(instant) as at:
        rows = {
            schema.name(table): [dict(row) for row in await at.fetch(f'select * from "{schema.name(table)}"')]
            for table in schema.tables()
            if schema.name(table) not in ITSELF
        }
        demo = await journal.is_demo(at)
    keys = {(table, row["thing"]): row["key"] for table, found in rows.items() for row in found}
    if as_of is not None:
        rows = _standing(rows, as_of)
    if show is not None:
        rows = {table: [row for one in found if (row := show(table, one))] for table, found in rows.items()}
    written = {table: [_shown(table, row, keys) for row in found] for table, found in rows.items() if found}
    for found in written.values():
        found.sort(key=lambda row: (row["key"], row["since"], msgspec.json.encode(row)))
    if demo:
        written[REGISTER] = [OPENING]
    return msgspec.json.format(msgspec.json.encode(dict(sorted(written.items()))), indent=1) + b"\n"


class _Rehearsed(Exception):
    """Ends a dry run: the transaction goes back."""


def _alters(row: Given) -> bool:
    return row.note.kind is not EntryKind.RECORDED


def _checked(title: str, number: int, row: Row) -> Given:
    """Checks a row against its table's columns; an altering one need only speak of what it alters."""
    table, place = schema.by_name()[title], f"{title}[{number}] {str(row.get('key', ''))[:60]!r}"
    note = converted(row.get("entry") or {}, schema.EntryNote, f"{place} entry")
    recorded = note.kind is EntryKind.RECORDED
    one = converted(row, schema.struct(table) if recorded else schema.altering(table), place, table)
    values = {key: value for key, value in msgspec.to_builtins(one).items() if key != "entry"}
    if recorded and (lacking := [name for name in schema.contents(table) if values[name] is None]):
        raise Refused(f"{place} {lacking[0]}: the bytes are missing: a {title} is kept with them")
    if table is Person and values.get("role") == PersonRole.AUDITOR and "ends" not in row:
        raise Refused(f"{place} ends: {UNSAID}")
    given = Given(place, table, _normal(table, values, place), note)
    _check_note(given)
    return given


def _check_note(row: Given) -> None:
    """Whether what a row says of its entry goes with what it holds. Raises Refused: nothing said may be lost."""
    spoken = row.values.keys() - {"key"}
    if row.note.why and not row.note.why.strip():
        raise Refused(f"{row.place} entry why: is blank: say why, or leave it out")
    match row.note.kind:
        case EntryKind.RECORDED:
            if row.note.since is not None:
                raise Refused(f"{row.place} entry since: names the period to correct or void; a new row has its own `since`")
        case EntryKind.VOIDED | EntryKind.ERASED:
            if spoken:
                raise Refused(f"{row.place} {min(spoken)}: a row that is {row.note.kind} says nothing else: leave it out")
        case EntryKind.CORRECTED:
            if not spoken:
                raise Refused(f"{row.place} row: nothing is corrected: say which column reads how")
        case EntryKind.CHANGED:
            if not row.values.get("since") and not row.values.get("until"):
                raise Refused(f"{row.place} since: say on which day it changed, or in `until` on which day it ended")
            if not row.values.get("since") and spoken != {"until"}:
                other = min(spoken - {"until"})
                raise Refused(
                    f"{row.place} {other}: the thing ends with `until`: leave it out, or say in `since` when it changed"
                )


def _normal(table: type[Table], values: Row, place: str) -> Row:
    """Countries under their own codes, bytes as PostgreSQL reads them, periods the right way round."""
    for key, column in schema.columns(table).items():
        if values.get(key) is None:
            continue
        if is_country(column):
            try:
                values[key] = law.load().country(values[key], area=key == "territory")
            except law.LawError as error:
                raise Refused(f"{place} {key}: {error}") from error
        elif isinstance(column, Bytea):
            values[key] = "\\x" + _content(values, place).hex()
        elif is_moment(column) and not is_day(values[key].partition("T")[0]):
            raise Refused(f"{place} {key}: {values[key]} is no time: write it as YYYY-MM-DDTHH:MMZ, in UTC")
        elif isinstance(column, Date) and not EARLIEST <= values[key] <= LATEST:
            raise Refused(f"{place} {key}: {values[key]} lies beyond all law: leave it out where no day is known")
    since, until = values.get("since"), values.get("until")
    if since is not None and until is not None and until < since:
        raise Refused(f"{place} until: {until} lies before since, {since}: mend one of them")
    if table is Circumstance and values.get("fact") is not None:
        _answered(values, place)
    return values


def _answered(values: Row, place: str) -> None:
    """Raises Refused for a yes where something is counted, or a number where it is asked with yes or no."""
    counted = values["fact"] in NUMBERS
    if counted and values.get("answer") is not None:
        raise Refused(f"{place} answer: {values['fact']} is counted: say how many in `number`, and leave this out")
    if not counted and values.get("number") is not None:
        raise Refused(f"{place} number: {values['fact']} is a question of yes or no: say it in `answer`, and leave this out")


def _interval(values: Row, place: str) -> None:
    """Raises Refused for months between two reviews that are none, or that nobody gave a reason for."""
    months = values["review_months"]
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"{place} review_months: {months} is no number of months from 1 to {MOST_MONTHS}")
    if not (values.get("review_reason") or "").strip():
        raise Refused(f"{place} review_reason: say why the tier's months are not to hold, or leave review_months empty")


def _content(values: Row, place: str) -> bytes:
    """A document's bytes. Raises Refused where they are not those of its SHA-256."""
    content = msgspec.convert(values["content"], bytes)
    if len(content) > LARGEST or len(content) != values.get("size", len(content)):
        raise Refused(f"{place} size: the content has {len(content)} bytes, at most {LARGEST} may be kept: correct it")
    if (found := hashlib.sha256(content).hexdigest()) != values.get("sha256", found):
        raise Refused(f"{place} sha256: the content's is {found}: correct one of the two")
    return content


async def _things(at: asyncpg.Connection, given: list[Given]) -> dict[tuple[str, str], int]:
    """The ids of the things that the rows name or continue, from what is recorded and from the rows themselves."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in given:
        named[schema.name(row.table)].add(row.values["key"])
        for column, table in schema.links(row.table).items():
            if row.values.get(column) is not None:
                named[table].add(row.values[column])
    asked = [
        f"select '{table}' as title, key, thing from \"{table}\" where thing = id and key = any(${number})"
        for number, table in enumerate(named, start=1)
    ]
    found = await at.fetch(" union all ".join(asked), *(list(keys) for keys in named.values())) if asked else []
    return {(row["title"], row["key"]): row["thing"] for row in found}


async def _record(book: Book, rows: list[Given], things: dict[tuple[str, str], int], *, demo: bool) -> None:
    if not rows:
        return
    table = rows[0].table
    title = schema.name(table)
    sequence = f"pg_get_serial_sequence('public.\"{title}\"', 'id')"
    ids = await book.at.fetch(f"select nextval({sequence}) from generate_series(1, $1)", len(rows))
    first: dict[str, Given] = {}
    for (number,), row in zip(ids, sorted(rows, key=lambda row: (row.values["key"], row.values["since"])), strict=True):
        key = row.values["key"]
        known = things.get((title, key))
        if known is not None and key not in first:
            raise Refused(f'{row.place} key: recorded already: to alter it, say so in "entry": {{"kind": "changed", …}}')
        if key in first and _overlap(first[key], row):
            raise Refused(f"{row.place} key: {key!r} stands twice for the same days: give each its own key or its own period")
        first[key] = row
        things.setdefault((title, key), number)
        row.values |= {"id": number, "thing": things[title, key]}
    for row in rows:
        _linked(row, things)
    for own, told in groupby(rows, lambda row: (row.note.who, row.note.why)):
        alike = list(told)
        with _speaking(book, alike[0], demo=demo) if any(own) else nullcontext():
            await book.record(table, *(row.values for row in alike))


def _overlap(before: Given, row: Given) -> bool:
    """Two periods of one key, in the order of their first days; a voided one is no period."""
    one, two = before.values, row.values
    if one["since"] == one["until"] or two["since"] == two["until"]:
        return False
    return one["until"] is None or one["until"] > two["since"]


def _linked(row: Given, things: dict[tuple[str, str], int]) -> None:
    """Puts ids in the place of keys. Raises Refused for a key that names nothing."""
    for column, table in schema.links(row.table).items():
        key = row.values.get(column)
        if key is not None:
            if (table, key) not in things:
                raise Refused(f"{row.place} {column}: no {table} has the key {key!r}: record it first, or in the same file")
            row.values[column] = things[table, key]


def _speaking(book: Book, row: Given, *, demo: bool) -> AbstractContextManager[None]:
    """Only a demo's files may say who acted; why may be said anywhere."""
    if row.note.who is not None and not demo:
        raise Refused(f"{row.place} entry who: is for a demo's own files: leave it out, the entry will name you")
    return book.speaking(row.note.who, row.note.why)


async def _alter(book: Book, row: Given, things: dict[tuple[str, str], int]) -> None:
    title, key, note = schema.name(row.table), row.values.pop("key"), row.note
    if (title, key) not in things:
        raise Refused(f"{row.place} key: nothing of that key is recorded: leave `entry` out to record it")
    stands = await journal.current(book.at, row.table, key, note.since)
    _linked(row, things)
    if row.values.get("review_months") is not None:
        _interval(stands | row.values, row.place)
    if row.table is Circumstance:
        _answered(stands | row.values, row.place)
    if note.kind is EntryKind.VOIDED:
        await book.void(row.table, stands)
    elif note.kind is EntryKind.ERASED:
        await people.erase(book, await people.rows_about(book, f"{title}:{key}"))
    elif note.kind is EntryKind.CORRECTED:
        await book.correct(row.table, stands, **row.values)
    elif row.values.get("since"):
        since = date.fromisoformat(row.values.pop("since"))
        await book.change(row.table, stands, since, **(row.values or {"until": None}))
    else:
        await book.change(row.table, stands, date.fromisoformat(row.values["until"]))


def _standing(rows: dict[str, list[Row]], day: date) -> dict[str, list[Row]]:
    """The rows that stand on a day, and all periods of the things they refer to."""
    kept = {
        (table, row["id"]): row
        for table, found in rows.items()
        for row in found
        if row["since"] <= day and (row["until"] is None or day < row["until"])
    }
    by_thing: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for table, found in rows.items():
        for row in found:
            by_thing[table, row["thing"]].append(row)
    waiting = list(kept.items())
    for (table, _), row in waiting:
        for column, target in schema.links(schema.by_name()[table]).items():
            for referred in by_thing.get((target, row[column]), []):
                if (target, referred["id"]) not in kept:
                    kept[target, referred["id"]] = referred
                    waiting.append(((target, referred["id"]), referred))
    return {table: [row for (of, _), row in kept.items() if of == table] for table in rows}


def _shown(table: str, row: Row, keys: dict[tuple[str, int], str]) -> Row:
    """A row as a file has it: keys in the place of ids, what is not recorded left out, but for an auditor's end."""
    kind = schema.by_name()[table]
    shown: Row = {}
    for name, column in schema.columns(kind).items():
        value = row[name]
        if name in schema.OWN or value is None or _is_default(column, value):
            continue
        target = schema.links(kind).get(name)
        shown[name] = keys[target, value] if target else msgspec.to_builtins(value)
    if kind is Person and row["role"] == PersonRole.AUDITOR:
        shown.setdefault("ends", None)  # that there is no end is said: an import asks for it
    return shown


def _is_default(column: Column, value: Any) -> bool:
    return not column._meta.required and not column._meta.null and bool(value == column.get_default_value())
