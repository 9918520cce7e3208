"""Opens the register's PostgreSQL and brings it to the shape of this program; the present, or the past, to read from."""

import asyncio
import gc
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout, suppress
from datetime import datetime
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.conf.apps import Finder
from piccolo.engine.postgres import PostgresTransaction

from piccolo_conf import DB
from registry import embedded, law, schema, settings
from registry.errors import Misused, Refused
from registry.law import packs
from registry.law.packs import Kept

OLDEST = 160000  # PostgreSQL 16
NO_REGISTER = "this database holds no register: make one with `onward demo` or `onward import register`"
MIGRATING = 0x6F6E776172  # the advisory lock of migrations
said = logging.getLogger("onward.law")


@asynccontextmanager
async def opened(*, create: bool = False, url: str | None = None) -> AsyncIterator[None]:
    """Connects to the register, or to the database of that address, and leaves it again.

    Only with `create` may a home, a cluster or the tables be made; otherwise a register that is not there is Misused.
    """
    async with connected(create=create, url=url):
        await prepare(create=create)
        with packs.ruling(None):
            await follow_law()
            if differing := unlike():
                said.warning(differing)
            yield


async def follow_law() -> None:
    """From here on this task judges by the law that the open register has adopted; before any, by what the program brings.

    The register's own bytes are read where they are not those of the program.
    """
    async with single() as at:
        row = await at.fetchrow(
            """select fingerprint, case when fingerprint <> $1 then content end as content
            from public.law_pack where until is null""",
            brought() or "",
        )
    packs.RULING.set(None if row is None or row["content"] is None else Kept(row["fingerprint"], row["content"]))


def unlike() -> str:
    """In a line, that the law of this program is another than the one that rules here; empty where it is none other."""
    kept, own = packs.RULING.get(), brought()
    if kept is None:
        return ""
    name = f"the law that this program brings ({own[: packs.SHOWN]})" if own else "the law of this program, unreadable,"
    return (
        f"{name} is not the one that this register judges by ({kept.version[: packs.SHOWN]}); "
        "`onward law adopt --dry-run` shows what would change"
    )


def brought() -> str | None:
    """The fingerprint of the program's own files, None where they cannot be read."""
    try:
        return law.brought_version()
    except law.LawError:
        return None


@asynccontextmanager
async def connected(*, create: bool = False, url: str | None = None) -> AsyncIterator[None]:
    """Connects to the database as it is, register or not; with `create` a home and a cluster may be made."""
    where = url or settings.database_url()
    if where is None:
        home = settings.checked_home(create=create)
        where = embedded.start(home)
    DB.config = {"dsn": where, "statement_cache_size": 0 if settings.behind_pooler() else 100}
    try:
        await DB.start_connection_pool(min_size=0, max_size=10, reset=_left_clean)
        async with Transaction(DB):
            pass  # the pool connects when it is asked to: ask now
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        await _leave()
        raise Misused(f"DATABASE_URL cannot be reached: {error}") from error
    try:
        yield
    finally:
        await _leave()


def told(error: Exception) -> str:
    """What a failure of the database means, in a line with the way out."""
    if isinstance(error, asyncpg.DiskFullError) or settings.no_room():
        where = "of the database's server" if settings.database_url() else f"under {settings.home()} (ONWARD_HOME)"
        return f"the disk {where} is full: nothing of this was written; make room, and all goes on by itself"
    return f"the database could not be used: {error}; `onward doctor` looks at it"


async def holds_register() -> bool:
    """Whether there is a register to open; makes none."""
    try:
        async with opened():
            return True
    except Misused:
        return False


async def _left_clean(_: asyncpg.Connection) -> None:
    """All settings here are local to a transaction: there is nothing to reset between two of them."""


async def _leave() -> None:
    """Closes the connections; those of a server that was killed are dropped after a moment."""
    pool = DB.pool
    try:
        await asyncio.wait_for(DB.close_connection_pool(), timeout=5)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        if pool is not None:
            pool.terminate()
        DB.pool = None


class Transaction(PostgresTransaction):
    """Piccolo's, but it never keeps its connection: where it is called off as it begins or ends, that one is dropped."""

    async def begin(self) -> None:
        begun = False
        try:
            await self.transaction.start()
            begun = True
        finally:
            if not begun:
                self._drop()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        ended = self._parent is not None
        try:
            answer = await super().__aexit__(kind, error, traceback)
            ended = True
        finally:
            if not ended:
                self.engine.current_transaction.reset(self.context)
                self._drop()
        return answer

    def _drop(self) -> None:
        with suppress(asyncpg.InterfaceError):  # the pool has it back already
            self.connection.terminate()


@asynccontextmanager
async def transaction() -> AsyncIterator[asyncpg.Connection]:
    """One transaction; what Piccolo runs inside it runs in it too."""
    async with Transaction(DB):
        yield connection()


@asynccontextmanager
async def single() -> AsyncIterator[asyncpg.Connection]:
    """A connection for one statement, which is a transaction of its own."""
    if DB.pool is None or DB.current_transaction.get() is not None:
        raise RuntimeError("no register is open, or a transaction is: write in that one")
    async with DB.pool.acquire() as at:
        yield at


def connection() -> asyncpg.Connection:
    """The connection of the transaction this task is in."""
    current = DB.current_transaction.get()
    if current is None:
        raise RuntimeError("no transaction is open")
    return current.connection


# By the index of times: `max(sequence)` would be looked for from the newest entry down.
_NEWEST = "select sequence from journal_entry where at <= $1 order by at desc, sequence desc limit 1"


@asynccontextmanager
async def as_known(instant: datetime | None) -> AsyncIterator[asyncpg.Connection]:
    """Reads one unmoving picture of the register: as known at the instant (UTC), or as it is now with None.

    Inside, every query of the program reads the past, unchanged: the views of schema `known` stand before the tables.
    """
    if instant is not None and not settings.no_room():  # where there is none, nobody writes, and neither do we
        async with transaction() as writers:
            # Entries under way are waited for; one that waits for this update takes its time anew, after it.
            await writers.execute("update journal_head set sequence = sequence")
    async with transaction() as reader:
        await reader.execute("set transaction isolation level repeatable read, read only")
        if instant is not None:
            newest = await reader.fetchval(_NEWEST, instant)
            await read_past(reader, newest or 0)
        yield reader


async def read_past(reader: asyncpg.Connection, sequence: int) -> None:
    """From here on the transaction reads the register as known at an entry, which must not be newer than its picture."""
    await reader.execute(f"set local onward.known_on = '{sequence:d}'; set local search_path = known, public")


def address() -> str:
    """Where the register that is open lies, as PostgreSQL is asked for it: with its password, so for no log and no page."""
    return str(DB.config["dsn"])


async def prepare(*, create: bool) -> None:
    """Applies what the database lacks, all of it in one transaction that others wait for."""
    async with transaction() as at:
        await check_version(at)
        if await _shape(at) == own_shape():
            if not create and await at.fetchval("select sequence from journal_head") == 0:
                raise Misused(NO_REGISTER)
            return
    async with transaction() as at:
        await at.execute("select pg_advisory_xact_lock($1)", MIGRATING)
        shape = await _shape(at)
        if shape is None and not create:
            raise Misused(NO_REGISTER)
        if shape == own_shape():
            return
        await _refuse_newer(at)
        await shape_it(at)


async def shape_it(at: asyncpg.Connection, fill: Callable[[], Awaitable[None]] | None = None) -> None:
    """Tables, what `fill` puts into them, and then the guards, within the caller's transaction and lock (MIGRATING)."""
    await _own_schemas(at)
    with redirect_stdout(StringIO()):
        result = await run_forwards("all")
    if not result.success:
        raise Refused(f"a migration failed: {result.message}")
    if fill is not None:
        await fill()
    for statement in schema.statements():
        await at.execute(statement)
    await at.execute(f"comment on schema known is '{own_shape()}'")


async def _own_schemas(at: asyncpg.Connection) -> None:
    """Takes away what a register that is gone has left of its past. Raises Misused for a schema of that name not ours."""
    if await at.fetchval("select to_regclass('public.migration')") is not None:
        return
    for name, ours in schema.OWN_SCHEMAS.items():
        said = await at.fetchval(
            "select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = $1", name
        )
        if said is None:
            continue
        if not re.fullmatch(ours, said):
            raise Misused(f"this database holds a schema {name!r} that is not Onward's: give the register one of its own")
        await at.execute(f"drop schema {name} cascade")


async def check_version(at: asyncpg.Connection) -> None:
    """Raises Misused for a PostgreSQL that is too old."""
    version = int(await at.fetchval("show server_version_num"))
    if version < OLDEST:
        raise Misused(f"PostgreSQL {version // 10000} is too old: Onward needs 16 or newer")


async def _shape(at: asyncpg.Connection) -> str | None:
    """The shape that the register says it has; None where none stands."""
    shape = await at.fetchval("""
        select obj_description(to_regnamespace('known')::oid, 'pg_namespace')
        where to_regclass('public.journal_head') is not null""")
    return None if shape is None else str(shape)


@cache
def own_shape() -> str:
    """The shape that this program gives a database, by name; it is the same for as long as the program runs."""
    return schema.fingerprint(migrations())


async def _refuse_newer(at: asyncpg.Connection) -> None:
    if await at.fetchval("select to_regclass('public.migration')") is None:
        return
    if {row["name"] for row in await at.fetch("select name from migration")} - set(migrations()):
        raise Misused("this register was written by a newer Onward: use that version, or a newer one")


def migrations() -> list[str]:
    """The IDs of the migrations that this program brings, from the files of both apps."""
    finder = Finder()
    folders = [finder.get_app_config(app).resolved_migrations_folder_path for app in finder.get_sorted_app_names()]
    files = [path for folder in folders for path in sorted(Path(folder).glob("*_*.py")) if path.stem != "__init__"]
    return [line.split('"')[1] for path in files for line in path.read_text().splitlines() if line.startswith("ID = ")]


async def fetch(query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Rows of the picture this task reads (see `as_known`)."""
    rows: list[asyncpg.Record] = await connection().fetch(query, *arguments)
    return rows


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps the cycle collector out of a batch: rows and Structs make no cycles, and looking for some takes a third of it.

    What the batch has made counts as old when it ends, so that the collector does not look through all of it at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


@asynccontextmanager
async def scratch() -> AsyncIterator[None]:
    """An empty register for the time being: a database of its own beside the register's, or a whole home of its own."""
    url = settings.database_url()
    name = f"onward_scratch_{secrets.token_hex(6)}"
    with TemporaryDirectory(prefix="onward-") as folder:
        home = Path(folder) / "home"
        where = url or embedded.start(settings.checked_home(create=True, folder=home))
        server = await asyncpg.connect(where)
        try:
            await server.execute(f"create database {name}")
            async with opened(create=True, url=_beside(where, name)):
                yield
        finally:
            await server.execute(f"drop database if exists {name} with (force)")
            await server.close()
            if url is None:
                embedded.stop(home)


def _beside(url: str, name: str) -> str:
    """The address of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))
