"""A look with 1,000 due of 100,000 against 1,000 of 1,000, and the first look at all of them, with its peak of memory."""

import asyncio
import gc
import random
import resource
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any

import asyncpg

from assessments.watch import look
from registry import database, journal, law
from tests.bench.synthetic import load, synthetic
from tests.support import drop_database, new_database

DUE = 1_000
TODAY = date(2026, 11, 23)


async def _loaded(url: str, size: int) -> None:
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        await load(connection, synthetic(size, random.Random(1)))
        await connection.close()


async def _made_due(url: str) -> None:
    """So many transfers of the register are due, and no more."""
    connection = await asyncpg.connect(url)
    await connection.execute("analyze")
    await connection.execute("update due set day = '2100-01-01'")
    await connection.execute(
        "insert into due (transfer, day) select id, $1 from (select id from transfer order by id limit $2) t "
        "on conflict (transfer) do update set day = excluded.day",
        TODAY,
        DUE,
    )
    await connection.close()


async def _look(url: str, day: date) -> float:
    async with database.opened(url=url):
        gc.collect()
        begun = time.perf_counter()
        await look(day, law.load())
        return time.perf_counter() - begun


def _measured(work: Callable[..., Coroutine[Any, Any, float]], *given: Any) -> tuple[float, float, float]:
    busy = time.process_time()
    taken = asyncio.run(work(*given))
    return taken, time.process_time() - busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(work: Callable[..., Coroutine[Any, Any, float]], *given: Any) -> tuple[float, float, float]:
    """In a process of its own: the seconds that the work says, seconds of the processor, and the process's peak in MB."""
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        return processes.submit(_measured, work, *given).result()


def watching(server: str, sizes: tuple[int, int] = (1_000, 100_000)) -> None:
    firsts, dues = [], []
    for size in sizes:
        url = new_database(server, f"bench_watch_{size}")
        asyncio.run(_loaded(url, size))
        firsts.append(apart(_look, url, TODAY))
        asyncio.run(_made_due(url))
        dues.append(apart(_look, url, TODAY + timedelta(days=1)))
        drop_database(server, f"bench_watch_{size}")
    first, busy, peak = firsts[1]
    (small, *_), (large, *_) = dues
    print(
        f"watch: the first look at {sizes[1]:,} transfers {first:.1f} s (processor {busy:.1f} s), peak {peak:.0f} MB "
        f"(at {sizes[0]:,} {firsts[0][2]:.0f} MB); {DUE:,} due of {sizes[1]:,} {large:.2f} s, "
        f"of {sizes[0]:,} {small:.2f} s, ratio {large / small:.2f}"
    )
