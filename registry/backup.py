"""A backup: one file with one unmoving picture of the register, written whole or not at all, and read only if it is whole.

    onward backup 1
    sha256 <of everything below this line>
    {"made": …, "register": …, "sequence": …, "checkpoint": …, …}
    gzip of: for each table a line {"table": …, "columns": […]}, its rows as PostgreSQL's COPY writes text, and a line \\\\.

No SQL stands in it, so reading one runs nothing. The signing key is not in it. Left out are operations that are made
again, or that hold what somebody typed and never recorded, which no erasure would reach in here.
"""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import asyncpg
import msgspec
from piccolo.conf.apps import Finder
from piccolo.table import Table, sort_table_classes

from registry import database, journal, keys, schema, whole
from registry.errors import Misused, Refused

NAME = b"onward backup "
FORMAT = 1
END = b"\\.\n"
LEFT_OUT = {"session", "attempt", "draft", "secret", "sent", "tile"}
LONGEST = 2**20  # bytes of a line of the header
CHUNK = 2**20  # bytes
PLAIN = "set local datestyle = 'ISO, YMD'; set local timezone = 'UTC'; set local bytea_output = 'hex'"  # as rows are written


class Header(msgspec.Struct, frozen=True):
    """What a backup says of itself: `made` in UTC, `register` its origin, `checkpoint` the newest note on file."""

    made: datetime
    register: str
    sequence: int
    checkpoint: str | None
    migrations: list[str]
    postgresql: str


class Section(msgspec.Struct, frozen=True):
    """The line before a table's rows."""

    table: str
    columns: list[str]


def tables() -> list[type[Table]]:
    """The tables that a backup holds, a table after those it refers to."""
    found = [table for table in Finder().get_table_classes() if schema.name(table) not in LEFT_OUT]
    return sort_table_classes(sorted(found, key=schema.name))


async def write(at: asyncpg.Connection, path: Path) -> tuple[Header, str]:
    """Writes the picture that `at` reads into the file; returns its header, and the SHA-256 of its rows (hexadecimal).

    Nobody who writes is held up. Raises Refused, and leaves what was there, where the file cannot be written.
    """
    await at.execute(PLAIN)
    header = Header(
        made=await at.fetchval("select transaction_timestamp()"),
        register=await keys.origin(at),
        sequence=await journal.newest(at),
        checkpoint=await at.fetchval("select note from public.checkpoint order by id desc limit 1"),
        migrations=database.migrations(),
        postgresql=await at.fetchval("show server_version"),
    )
    with whole.written(path, "the backup") as file:
        file.write(NAME + f"{FORMAT}\n".encode())
        place = file.tell()
        file.write(_sum("0" * 64))
        hashed = _Hashed(file)
        hashed.write(msgspec.json.encode(header) + b"\n")
        rows = hashlib.sha256()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=hashed, mtime=0) as content:
            for table in tables():
                await _copy(at, table, _Hashed(content, rows))
        file.seek(place)
        file.write(_sum(hashed.sum.hexdigest()))
    return header, rows.hexdigest()


async def _copy(at: asyncpg.Connection, table: type[Table], content: "_Hashed") -> None:
    title, order = schema.name(table), table._meta.primary_key._meta.name
    columns = list(schema.columns(table))
    content.write(msgspec.json.encode(Section(title, columns)) + b"\n")
    failed: list[OSError] = []

    async def write(rows: bytes) -> None:
        if failed:
            return
        try:
            content.write(rows)
        except OSError as error:  # where it were raised in here, the connection might wait for the server for ever
            failed.append(error)

    listed = ", ".join(f'"{column}"' for column in columns)
    await at.copy_from_query(f'select {listed} from public."{title}" order by "{order}"', output=write, format="text")
    if failed:
        raise failed[0]
    content.write(END)


class _Hashed:
    """Hashes what is written."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, summed: "hashlib._Hash | None" = None) -> None:
        self.file = file
        self.sum = summed or hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


def _sum(hexadecimal: str) -> bytes:
    return f"sha256 {hexadecimal}\n".encode()


@contextmanager
def opened(path: Path) -> Iterator[tuple[Header, IO[bytes]]]:
    """The header and the content of a backup, all of whose bytes are those that were written.

    Raises Misused where there is no such file, Refused for what is no backup, a newer one, or not whole.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Misused(f"{path}: cannot be read: {error.strerror}; name a file that `onward backup` wrote") from error
    with file:
        try:
            yield _checked(path, file), file
        except OSError as error:
            if isinstance(error, gzip.BadGzipFile) or error.filename == str(path):
                raise Refused(f"{path}: cannot be read: {error}") from error
            raise


def _checked(path: Path, file: IO[bytes]) -> Header:
    first, second = file.readline(LONGEST), file.readline(LONGEST)
    number = first.removeprefix(NAME).strip()
    if not first.startswith(NAME) or not number.isdigit():
        raise Refused(f"{path}: is no backup of Onward, or its beginning was altered: name a file that `onward backup` wrote")
    if int(number) != FORMAT:
        raise Refused(f"{path}: is a backup of format {int(number)}, this Onward reads format {FORMAT}: use the one it is of")
    start, found = file.tell(), hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    if second != _sum(found.hexdigest()):
        raise Refused(f"{path}: is not whole: it was cut off or altered (its SHA-256 is another); take another backup")
    file.seek(start)
    try:
        header = msgspec.json.decode(file.readline(LONGEST), type=Header)
    except msgspec.MsgspecError as error:
        raise Refused(f"{path}: its third line is no header of a backup ({error}): take another backup") from error
    if set(header.migrations) - set(database.migrations()):
        raise Refused(f"{path}: was written by a newer Onward: restore it with that version, or a newer one")
    return header
