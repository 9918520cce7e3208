"""Erasures that outlive a restore: a list without personal data says what they took, and by it they are done again.

A value is named by its entry and column, and by its commitment, so that a list from before another restore, whose later
entries have the same numbers, takes nothing that it does not mean.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from registry import journal, keys, schema
from registry.errors import Misused, Refused
from registry.journal import Book, Row
from registry.tables import Credential, Erased, Person

WHO = "system:restore"


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One erasure: its register, its entry's sequence and day, the values as "sequence:name", and their commitments."""

    register: str
    sequence: int
    day: date
    values: list[str]
    commitments: dict[str, str]


class Applied(msgspec.Struct):
    """What was done again: values deleted, columns emptied, values that could not be found, values of later entries."""

    deleted: list[str] = []
    emptied: list[str] = []
    missing: list[str] = []
    later: int = 0


class _Behind(msgspec.Struct, frozen=True):
    """A value that stands behind an entry; `live` where its row still reads so."""

    value: str
    name: str
    table: str
    row: int
    live: bool


async def listed(at: asyncpg.Connection) -> list[Listed]:
    """Every erasure of the register, in the journal's order, as its entries say it."""
    register = await keys.origin(at)
    rows = await at.fetch(
        """select sequence, image->>'since', image->>'values' from public.journal_entry where "table" = 'erased'
        order by sequence"""
    )
    found = []
    for sequence, since, text in rows:
        values = msgspec.json.decode(text or "[]", type=list[str])
        commitments = {
            f"{number}:{name}": commitment
            for number, name, commitment in await at.fetch(
                f"""select v.sequence, v.name, {_COMMITMENT} from unnest($1::bigint[], $2::text[]) v (sequence, name)
                join public.journal_entry e on e.sequence = v.sequence""",
                *_parted(values),
            )
        }
        found.append(Listed(register, sequence, date.fromisoformat(since), values, commitments))
    return found


_COMMITMENT = f"case when v.name = '{schema.WHY}' then e.why else e.image->>v.name end"


def read(path: Path, register: str) -> list[Listed]:
    """The list in a file, for a register's origin. Raises Misused naming the file and what is wrong with it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Listed])
    except (OSError, msgspec.MsgspecError) as error:
        raise Misused(f"{path}: is no list of erasures ({error}): give what `onward erasures --json` printed") from error
    for place, one in enumerate(found):
        if one.register != register:
            raise Misused(f"{path} [{place}]: is of the register {one.register}, the backup of {register}: bring its own list")
        for value in one.values:
            number, colon, name = value.partition(":")
            if not (number.isascii() and number.isdigit() and len(number) < 19 and colon and name):
                raise Misused(f"{path} [{place}] values: {value[:60]!r} is no `sequence:name`")
            if value not in one.commitments:
                raise Misused(f"{path} [{place}] commitments: {value[:60]!r} has none: the list was cut")
    return found


async def erase_again(at: asyncpg.Connection, erasures: Sequence[Listed], why: str) -> Applied:
    """Deletes the values that the list names, empties the columns that read so still, and records that, in the journal.

    What the register's own erasures took is passed over. A column is emptied whole: what else stood in it is not known.
    """
    done, book = Applied(), Book(at, WHO, why)
    newest = await journal.newest(at)
    gone = {value for one in await listed(at) for value in one.values}
    taken: list[tuple[Listed, list[_Behind]]] = []
    for one in erasures:
        asked = [value for value in one.values if value not in gone]
        here = [value for value in asked if int(value.partition(":")[0]) <= newest]
        behind = await _behind(at, {value: one.commitments[value] for value in here})
        done.later += len(asked) - len(here)
        done.missing += sorted(set(here) - {found.value for found in behind}, key=_place)
        gone |= set(here)
        if behind:
            taken.append((one, behind))
    await _empty(book, [found for _, behind in taken for found in behind if found.live], done)
    for one, behind in taken:
        await book.enter()
        values = sorted((found.value for found in behind), key=_place)
        await _delete(at, values)
        done.deleted += values
        key = f"erased-{await journal.newest(at)}"
        await book.record(Erased, {"key": key, "since": one.day.isoformat(), "values": values})
    await book.enter()
    return done


async def _behind(at: asyncpg.Connection, asked: dict[str, str]) -> list[_Behind]:
    """Those of the values that are there and are the ones that are meant, by their commitments."""
    rows = await at.fetch(
        f"""select v.sequence, v.name, e."table", e."row", {_COMMITMENT}, not exists (
            select from public.journal_entry l where l."table" = e."table" and l."row" = e."row" and l.version > e.version)
        from unnest($1::bigint[], $2::text[]) v (sequence, name)
        join public.journal_value b on b.sequence = v.sequence and b.name = v.name
        join public.journal_entry e on e.sequence = v.sequence""",
        *_parted(list(asked)),
    )
    return [
        _Behind(f"{number}:{name}", name, table, row, live and name != schema.WHY)
        for number, name, table, row, commitment, live in rows
        if asked[f"{number}:{name}"] == commitment
    ]


async def _empty(book: Book, live: Sequence[_Behind], done: Applied) -> None:
    """Empties the columns; whoever has no name and no address left does not sign in any more."""
    columns: dict[tuple[str, int], list[str]] = {}
    for found in live:
        columns.setdefault((found.table, found.row), []).append(found.name)
    for (title, number), names in columns.items():
        table = schema.by_name()[title]
        text: Any = await book.at.fetchval(f'select {journal.image(table)} from public."{title}" where id = $1', number)
        row: Row = msgspec.json.decode(text)
        after = await book.erase(table, row, **dict.fromkeys(names))
        done.emptied += [f"{title} {row['key']} {name}" for name in sorted(names)]
        if table is Person and not any(after[name] for name in schema.personal(table)):
            await Credential.delete().where(Credential.person == row["key"])


async def _delete(at: asyncpg.Connection, values: list[str]) -> None:
    deleted = await at.fetch(
        """delete from public.journal_value b using unnest($1::bigint[], $2::text[]) v (sequence, name)
        where b.sequence = v.sequence and b.name = v.name returning b.id""",
        *_parted(values),
    )
    if len(deleted) != len(values):
        raise Refused(f"{len(values)} values were to be erased again, {len(deleted)} were there: nothing was restored")


def _parted(values: list[str]) -> tuple[list[int], list[str]]:
    parts = [value.partition(":") for value in values]
    return [int(number) for number, _, _ in parts], [name for _, _, name in parts]


def _place(value: str) -> tuple[int, str]:
    number, _, name = value.partition(":")
    return int(number), name
