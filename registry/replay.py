"""Verification beside the server: the replay runs in a process of its own, one at a time, and tells each step as it ends.

The process reads one unmoving picture over a connection of its own, gives way to the pages, writes nothing, and is ended
with whoever waits for it.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import asyncpg
import msgspec

from registry import database, heads, journal, keys, notes, tiles, tree
from registry.errors import Busy, Refused
from registry.faults import Step, Verified
from registry.verify import steps

ALONE = 0x6F6E7665726966  # the advisory lock of the one that replays
BUSY = "Somebody is having the register verified just now, and one replay runs at a time. Try again in a minute."


class Asked(msgspec.Struct, frozen=True):
    """What the process is told: where the register lies, what was brought along, whether that alone is asked about, and what
    lies beside the keys of this machine, which the process does not know."""

    address: str
    kept: str | None = None
    fingerprint: str | None = None
    alone: bool = False
    beside: list[heads.Beside] = []


class Kept(msgspec.Struct, frozen=True):
    """Whether the journal goes on from a checkpoint that somebody kept: `answer` in a word, the rest to say it with."""

    answer: str  # extends, altered, cut, unsigned, other, unreadable
    size: int = 0
    entries: int = 0
    why: str = ""


async def replayed(kept: str | None = None, fingerprint: str | None = None) -> AsyncGenerator[Step | None]:
    """The steps of a verification as they end; first None, once it has begun. Raises Busy where another one runs."""
    async with aclosing(_told(Asked(database.address(), kept, fingerprint, beside=heads.beside()))) as lines:
        async for line in lines:
            yield msgspec.json.decode(line, type=Step | None)


async def extended(kept: str) -> Kept:
    """Whether the journal as it stands goes on from a checkpoint, by hashing every entry that this one covers anew.

    Raises Busy where another replay runs.
    """
    async with aclosing(_told(Asked(database.address(), kept, alone=True))) as lines:
        *_, last = [line async for line in lines]
    return msgspec.json.decode(last, type=Kept)


async def _told(asked: Asked) -> AsyncGenerator[bytes]:
    """The lines that the process writes. Raises Busy, or Refused with the last of its complaints."""
    process: Any = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**26,
        env={name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", "DATABASE_", "PG"))},
    )
    try:
        process.stdin.write(msgspec.json.encode(asked))
        process.stdin.close()
        async for line in process.stdout:
            if line.strip() == b'"busy"':
                raise Busy(BUSY)
            yield line
        if await process.wait():
            complaint = (await process.stderr.read()).decode(errors="replace").strip().rpartition("\n")[2]
            raise Refused(f"The verification came to no end ({complaint or process.returncode}): nothing is shown by it")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def kept_by(at: asyncpg.Connection, note: str) -> Kept:
    """What `extended` tells, of the picture that `at` reads."""
    entries = await journal.newest(at)
    try:
        text, by = notes.opened(note, await keys.stood(at))
        head = notes.checkpoint(text)
    except Refused as error:
        return Kept("unreadable", entries=entries, why=str(error))
    if head.origin != await keys.origin(at):
        return Kept("other", head.size, entries, head.origin)
    if not by:
        return Kept("unsigned", head.size, entries)
    if head.size > entries:
        return Kept("cut", head.size, entries)
    forest = tree.Forest()
    async for batch in tiles.entries(at, 0, head.size):
        for row in batch:
            forest.add(tiles.leaf(row))
    same = forest.size == head.size and forest.root() == head.root
    return Kept("extends" if same else "altered", head.size, entries)


async def _replay(asked: Asked) -> AsyncIterator[Any]:
    """What the process tells: that it has begun, or that another one is at it; then the answer, or step after step."""
    at = await asyncpg.connect(asked.address, statement_cache_size=0)
    try:
        async with at.transaction(isolation="repeatable_read", readonly=True):
            if not await at.fetchval("select pg_try_advisory_xact_lock($1)", ALONE):
                yield "busy"
                return
            yield None
            if asked.alone:
                yield await kept_by(at, asked.kept or "")
                return
            async for step in steps(at, Verified(), asked.kept, asked.fingerprint, asked.beside):
                yield step
    finally:
        await at.close()


async def main() -> None:
    """One replay, as asked on stdin, told on stdout in a line of JSON each."""
    os.nice(5)
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    async for one in _replay(asked):
        sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main())
