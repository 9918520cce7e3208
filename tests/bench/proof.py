"""A million entries of 150,000 rows: the register as known at an instant, one row of it, its verification, its checkpoints."""

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from assessments import dossier
from registry import checkpoints, database, journal, schema
from registry.verify import verify
from tests.bench.history import corrected, lived
from tests.bench.watch import apart
from tests.support import drop_database, new_database, signing

ROWS, ENTRIES = 150_000, 1_000_000
OLD = 10_000  # entries of the register that is a hundred times younger, and a hundred times smaller
FEW, MANY = 1_000, 100_000  # new entries
RUNS = 5
KEYS = 200


async def _seconds(work: Callable[..., Awaitable[Any]], *given: Any) -> float:
    gc.collect()
    begun = time.perf_counter()
    await work(*given)
    return time.perf_counter() - begun


async def _whole(instant: datetime | None) -> tuple[int, int]:
    """Every column of every row of every table; how many rows there are, and how many entries they say made them."""
    rows = versions = 0
    async with database.as_known(instant) as at:
        for title in schema.by_name():
            found = await at.fetch(f'select * from "{title}"')
            rows += len(found)
            versions += sum(row["version"] for row in found)
    return rows, versions


async def _judged(instant: datetime | None) -> None:
    """What judging all transfers reads."""
    async with database.as_known(instant) as at:
        for query in dossier.queries():
            await at.fetch(query, *([None] if "$1" in query else []))


async def _opened(instant: datetime | None) -> None:
    """The register as the program loads it: the dossiers of all transfers."""
    with database.uncollected():
        async with database.as_known(instant):
            await dossier.open_dossiers()


READS = {
    "the dossiers of all transfers opened": _opened,
    "what they are opened from, fetched and no more": _judged,
    "all columns of all rows of all tables, fetched and no more": _whole,
}


async def _known(instant: datetime) -> None:
    """The past against the present, in turns, so that what else the machine does slows both alike."""
    for what, read in READS.items():
        runs = []
        for _ in range(RUNS):
            runs.append([await _seconds(read, when) for when in (None, instant)])
        now, then = (statistics.median(taken) for taken in zip(*runs, strict=True))
        ratio = statistics.median(then / now for now, then in runs)
        print(f"known on: {what}: as known {then:.2f} s, today {now:.2f} s, ratio {ratio:.2f} (goal 3.0)")


async def _one_row(connection: asyncpg.Connection, instant: datetime, chance: random.Random) -> None:
    """One row by its key, all columns, the opening of the past included."""
    for title in ("transfer", "party"):
        every = [row[0] for row in await connection.fetch(f'select key from "{title}" where id > 1')]
        drawn = chance.sample(every, min(KEYS, len(every)))
        times: dict[datetime | None, list[float]] = {None: [], instant: []}
        for key in drawn:
            for when, taken in times.items():
                begun = time.perf_counter()
                async with database.as_known(when) as at:
                    assert len(await at.fetch(f'select * from "{title}" where key = $1', key)) == 1, key
                taken.append((time.perf_counter() - begun) * 1000)
        now, then = (statistics.median(taken) for taken in times.values())
        worst = statistics.quantiles(times[instant], n=20)[-1]
        print(
            f"known on: one {title} by key as known {then:.1f} ms (goal 20), 19 of 20 within {worst:.1f} ms; today {now:.1f} ms"
        )


async def _verified(url: str) -> float:
    connection = await asyncpg.connect(url)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        begun = time.perf_counter()
        done = await verify(connection)
        taken = time.perf_counter() - begun
    await connection.close()
    assert not done.faults, done.faults[:3]
    print(
        f"verified: {done.entries:,} entries, {done.values:,} values, {done.rows:,} rows, nothing found: ", end="", flush=True
    )
    return taken


async def _signed(connection: asyncpg.Connection, new: int) -> float:
    """Seconds of a checkpoint after so many new entries."""
    await corrected(connection, new)
    return await _seconds(checkpoints.take)


async def _middle(connection: asyncpg.Connection) -> tuple[int, datetime]:
    """The entry in the middle of history, and its instant; the whole register as known then counts as many entries."""
    number = await connection.fetchval("select max(sequence) / 2 from journal_entry")
    instant = await connection.fetchval("select at from journal_entry where sequence = $1", number)
    _, versions = await _whole(instant)
    assert versions == number, f"as known at entry {number}, {versions} entries show"
    return number, instant


async def _young(url: str, chance: random.Random) -> float:
    """A checkpoint after a few new entries upon a short history."""
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        await lived(connection, ROWS * OLD // ENTRIES, OLD, chance)
        await checkpoints.take()
        taken = [await _signed(connection, FEW) for _ in range(RUNS)]
        await connection.close()
    return statistics.median(taken)


async def _loaded(url: str, chance: random.Random) -> None:
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        begun = time.perf_counter()
        await lived(connection, ROWS, ENTRIES, chance)
        loaded = time.perf_counter() - begun
        await connection.close()
        print(f"proof: loaded in {loaded:.0f} s, the first checkpoint of all took {await _seconds(checkpoints.take):.1f} s")


async def _old(url: str, chance: random.Random, young: float) -> None:
    """What a long history costs: reading the past, verifying it, and signing what is new."""
    async with database.opened(url=url):
        connection = await asyncpg.connect(url)
        rows, entries = await _whole(None)
        middle, instant = await _middle(connection)
        print(f"proof: {entries:,} entries of {rows:,} rows; the past is that of entry {middle:,}")
        await _known(instant)
        await _one_row(connection, instant, chance)
        seconds, busy, peak = apart(_verified, url)
        print(f"{seconds:.0f} s (processor {busy:.0f} s), peak {peak:.0f} MB")
        few = statistics.median([await _signed(connection, FEW) for _ in range(RUNS)])
        many = await _signed(connection, MANY)
        await connection.close()
    print(
        f"checkpoint: {FEW:,} new at {entries:,} old {few * 1000:.0f} ms, at {OLD:,} old {young * 1000:.0f} ms, "
        f"ratio {few / young:.2f} (goal 2.0); {MANY:,} new {many * 1000:.0f} ms, {many / few:.0f} times as long for "
        f"{MANY // FEW} times as many (goal {MANY // FEW})"
    )


def proving(server: str, seed: int) -> None:
    """Each register has its key in a folder of its own: beside a key stands the head of the one register that it signs."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, signing(Path(folder)):
        young = asyncio.run(_young(new_database(server, "bench_young"), chance))
        drop_database(server, "bench_young")
    with tempfile.TemporaryDirectory() as folder, signing(Path(folder)):
        url = new_database(server, "bench_old")
        asyncio.run(_loaded(url, chance))
        asyncio.run(_old(url, chance, young))
        drop_database(server, "bench_old")
