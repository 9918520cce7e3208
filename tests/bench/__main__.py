"""`make bench [PART=name]`: speed and memory as ratios within one run. Prints what was compared with what, and the goal."""

import asyncio
import gc
import itertools
import os
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg

from assessments import dossier
from assessments.assess import Clocks, assess
from assessments.precedents import precedents
from assessments.verdicts import Judge
from registry import database, forms, journal, law, once, register
from registry.tables import Party
from tests.bench.pages import paging
from tests.bench.proof import proving
from tests.bench.record import printing
from tests.bench.synthetic import load, synthetic
from tests.bench.watch import watching
from tests.bench.what_if import asking
from tests.support import Server, drop_database, new_database

TODAY = date(2026, 11, 23)
SIZES = (10_000, 100_000)
MILLION = 1_000_000
BY_NAME = {"million"}  # parts that are run only where they are asked for
RUNS = 7
ROUNDS = 15


async def timed(work: Callable[[], Awaitable[Any]], runs: int = RUNS) -> float:
    """The median of some runs, in seconds, the collector out of the way of none of them."""
    taken = []
    for _ in range(runs):
        gc.collect()
        begun = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


async def fetch_only() -> int:
    """What judging reads, read and no more: the same queries for the same columns."""
    rows = 0
    async with database.as_known(None) as at:
        for query in dossier.queries():
            rows += len(await at.fetch(query, *([None] if "$1" in query else [])))
    return rows


async def judge_all() -> int:
    """Every transfer's verdict, its chain's, and the day on which it changes next."""
    with database.uncollected():
        async with database.as_known(None):
            dossiers = await dossier.open_dossiers()
        judge = Judge(law.load(), TODAY)
        return len([judge.next_change(one, reading, TODAY) for one, reading in judge.judged(dossiers, TODAY)])


async def assess_all() -> int:
    """The same with the objects that `assess --json` prints, sentences included."""
    return len(await assess(law.load(), Clocks(TODAY, None, TODAY, TODAY.isoformat())))


async def judging(url: str, size: int, chance: random.Random, runs: int = RUNS) -> float:
    """Seconds in which all transfers are judged; with few runs, the objects of `assess --json` are left out."""
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        entries = await load(connection, synthetic(size, chance))
        await connection.close()
        precedents.cache_clear()
        first = await timed(judge_all, runs=1)
        # In turns, so that what else the machine does slows both alike.
        taken = [(await timed(fetch_only, 1), await timed(judge_all, 1)) for _ in range(runs)]
        fetched, judged = (statistics.median(times) for times in zip(*taken, strict=True))
        ratio = statistics.median(judge / fetch for fetch, judge in taken)
        assessed = await timed(assess_all, runs=3) if runs == RUNS else None
        tracemalloc.start()
        await judge_all()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    print(
        f"judging {size:,} transfers ({entries:,} entries): fetch {fetched:.2f} s, judge {judged:.2f} s, ratio "
        f"{ratio:.2f} (goal 2.0); the law asked for the first time {first:.2f} s, ratio "
        f"{first / fetched:.2f}; "
        + (f"with sentences {assessed:.2f} s, ratio {assessed / fetched:.2f}; " if assessed else "")
        + f"peak {peak / size:,.0f} bytes a transfer"
    )
    return judged


async def registering(url: str) -> None:
    """A registration with its journal entry against a bare insert of the same row, each its own durable transaction.

    The bare insert is one prepared statement into a table with the same keys, indexes and checks, but no triggers. The
    registration is `once.record`, by which the form of one new record writes, its sending with it; beside it all that such
    a form does, what it looks up first included; and the way of forms that write more than one row.
    """
    count, runs = 100, []
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        await connection.execute("create table bare (like party including all)")
        numbers = itertools.count()

        def row() -> journal.Row:
            return {"key": f"k{next(numbers)}", "since": "2020-01-01", "name": "P", "country": "DE"}

        def token() -> str:
            return once.named("cli:bench", "/records/party/new", f"{next(numbers)}", [("name", "P")])

        async def insert() -> None:
            for _ in range(count):
                await connection.execute(
                    "insert into bare (id, key, thing, version, since, name, ours, country) "
                    "values ($1, $2, $1, 1, $3, 'P', false, 'DE')",
                    next(numbers),
                    f"k{next(numbers)}",
                    TODAY,
                )

        async def register_one() -> None:
            for _ in range(count):
                await once.record("cli:bench", "new", Party, row(), token(), "/records/party/p")

        async def look_up_first() -> None:
            for _ in range(count):
                given = row()
                async with database.single() as at:
                    given["key"] = await forms.fresh(at, "party", given["key"])
                await register.record_new("cli:bench", "party", given, token(), "/records/party/p")

        async def write() -> None:
            for _ in range(count):
                async with journal.writing("cli:bench", "new") as book:
                    await once.take(book.at, token(), "/records/party/p")
                    await book.record(Party, row())

        for _ in range(ROUNDS):  # in turns, so that what else the machine does slows all alike
            works = (insert, register_one, look_up_first, write)
            runs.append([await timed(work, runs=1) / count * 1000 for work in works])
        await connection.close()
    bare, *taken = (statistics.median(times) for times in zip(*runs, strict=True))
    ratios = [statistics.median(times[which] / times[0] for times in runs) for which in (1, 2, 3)]
    one, looked, several = (f"{took:.2f} ms, ratio {ratio:.2f}" for took, ratio in zip(taken, ratios, strict=True))
    print(
        f"registering: bare insert with the same indexes {bare:.2f} ms; with its entry and its sending {one} (goal 2.5); "
        f"what the form looks up first included {looked}; in a transaction of several writes {several}"
    )


def growing(server: str, seed: int) -> None:
    times = []
    for size in SIZES:
        url = new_database(server, f"bench_{size}")
        times.append(asyncio.run(judging(url, size, random.Random(seed))))
        drop_database(server, f"bench_{size}")
    print(f"growth: {SIZES[1] // SIZES[0]} times the transfers take {times[1] / times[0]:.1f} times as long")


def million(server: str, seed: int) -> None:
    """The same of a million transfers, by name alone: loading them takes the longest."""
    asyncio.run(judging(new_database(server, "bench_million"), MILLION, random.Random(seed), runs=3))
    drop_database(server, "bench_million")


PARTS: dict[str, Callable[[str, int], None]] = {
    "judging": growing,
    "million": million,
    "watching": lambda server, _: watching(server),
    "paging": paging,
    "registering": lambda server, _: asyncio.run(registering(new_database(server, "bench_registering"))),
    "proof": proving,
    "asking": asking,
}


def main() -> None:
    """The parts that are named, all without a name."""
    asked = sys.argv[1:] or [name for name in (*PARTS, "printing") if name not in BY_NAME]
    if unknown := set(asked) - {*PARTS, "printing"}:
        sys.exit(f"{min(unknown)!r} is no part: {', '.join([*PARTS, 'printing'])}")
    seed = int(os.environ.get("ONWARD_TEST_SEED") or 1)
    print(f"seed {seed}, PostgreSQL {os.environ.get('ONWARD_TEST_PG', '18')}, {os.cpu_count()} cores")
    server = Server(int(os.environ.get("ONWARD_TEST_PG", "18")), durable=True)
    try:
        for name, part in PARTS.items():
            if name in asked:
                part(server.url, seed)
    finally:
        server.stop()
    if "printing" in asked:
        printing(seed)


if __name__ == "__main__":
    main()
