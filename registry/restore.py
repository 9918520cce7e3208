"""A backup becomes a register again: in an empty place alone, all of it in one transaction, its guards standing at the end.

The rows enter before the guards are put up, so that none is ever switched off; every rule between rows (foreign keys,
periods, what is unique, documents and their SHA-256) is checked by the database as it is put up.
"""

import gzip
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO

import asyncpg
import msgspec
from piccolo.columns import BigSerial
from piccolo.conf.apps import Finder

from registry import backup, database, erasures, journal, keys, schema, settings
from registry.backup import END, Header, Section
from registry.erasures import Applied, Listed
from registry.errors import Misused, Refused

WAY_OUT = "name a new folder in ONWARD_HOME, or an empty database in DATABASE_URL"


async def restore(path: Path, header: Header, file: IO[bytes], listed: Sequence[Listed] | None = None) -> Applied:
    """Writes the backup (see `backup.opened`) into the empty database that is connected, and erases again what is listed.

    Raises Misused where the database is not empty; Refused, leaving it empty, where the file cannot become a register.
    """
    settings.room_to_write()
    try:
        async with database.transaction() as at:
            await database.check_version(at)
            await at.execute("select pg_advisory_xact_lock($1)", database.MIGRATING)
            await _cleared(at)

            async def fill() -> None:
                await _fill(at, file)

            await database.shape_it(at, fill)
            await _numbered(at)
            if await journal.newest(at) != header.sequence or await keys.origin(at) != header.register:
                raise Refused(f"{path}: does not hold the journal that its header speaks of: take another backup")
            return await erasures.erase_again(at, listed or (), f"erased since the backup of {header.made:%Y-%m-%d}")
    except (zlib.error, EOFError, gzip.BadGzipFile, msgspec.MsgspecError, asyncpg.DataError) as error:
        raise Refused(f"{path}: its rows cannot be read ({type(error).__name__}): take another backup") from error
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Refused(f"{path}: a row of {error.table_name} breaks the rule {error.constraint_name}") from error


async def _cleared(at: asyncpg.Connection) -> None:
    """Takes away the tables of a register in which nothing was ever written. Raises Misused where anything stands."""
    ours = {schema.name(table) for table in Finder().get_table_classes()} | {"migration"}
    found = {row[0] for row in await at.fetch("select tablename from pg_tables where schemaname = 'public'")}
    if others := sorted(found - ours):
        raise Misused(f"this database is not empty: it holds {', '.join(others[:3])} …: {WAY_OUT}")
    if not found:
        return
    listed = ", ".join(f'public."{table}"' for table in sorted(found))
    await at.execute(f"lock table {listed} in access exclusive mode")
    for table in sorted(found - {"migration"}):
        rule = "where sequence > 0" if table == "journal_head" else ""
        if await at.fetchval(f'select exists (select from public."{table}" {rule})'):
            raise Misused(f"there is a register already ({table} is not empty), and nothing is written over it: {WAY_OUT}")
    await at.execute(f"drop table {listed} cascade")


async def _fill(at: asyncpg.Connection, file: IO[bytes]) -> None:
    """The rows of the file into the tables that have just been made. Raises Refused for a table or column not ours."""
    await at.execute(backup.PLAIN)
    ours = {schema.name(table): set(schema.columns(table)) for table in backup.tables()}
    with gzip.GzipFile(fileobj=file, mode="rb") as content:
        while line := content.readline():
            section = msgspec.json.decode(line, type=Section)
            if unknown := set(section.columns) - ours.get(section.table, set()):
                raise Refused(f"the backup holds {section.table} {min(unknown)}, which this Onward does not know")
            await at.copy_to_table(
                section.table, schema_name="public", columns=section.columns, source=_rows(content), format="text"
            )


async def _rows(content: gzip.GzipFile) -> AsyncIterator[bytes]:
    """The rows up to the end of a table, some at a time."""
    batch, size = [], 0
    while (line := content.readline()) != END:
        if not line:
            raise EOFError
        batch.append(line)
        size += len(line)
        if size > backup.CHUNK:
            yield b"".join(batch)
            batch, size = [], 0
    yield b"".join(batch)


async def _numbered(at: asyncpg.Connection) -> None:
    """New rows are numbered on from those that are there."""
    for table in backup.tables():
        for key, column in schema.columns(table).items():
            if isinstance(column, BigSerial):
                title = schema.name(table)
                await at.fetchval(
                    f"""select setval(pg_get_serial_sequence('public."{title}"', '{key}'), coalesce(max("{key}"), 1),
                    max("{key}") is not null) from public."{title}" """
                )
