"""A look with 1,000 due of 100,000 against 1,000 of 1,000, and the first look at all of them."""

import asyncio
import random
import time
from datetime import date, timedelta

import asyncpg

from assessments.watch import look
from registry import database, journal, law
from tests.bench.synthetic import load, synthetic
from tests.support import drop_database, new_database

DUE = 1_000
TODAY = date(2026, 11, 23)


async def _looking(url: str, size: int) -> tuple[float, float]:
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        await load(connection, synthetic(size, random.Random(1)))
        begun = time.perf_counter()
        await look(TODAY, law.load())
        first = time.perf_counter() - begun
        await connection.execute("analyze")
        await connection.execute("update due set day = '2100-01-01'")
        await connection.execute(
            "insert into due (transfer, day) select id, $1 from (select id from transfer order by id limit $2) t "
            "on conflict (transfer) do update set day = excluded.day",
            TODAY,
            DUE,
        )
        await connection.close()
        begun = time.perf_counter()
        await look(TODAY + timedelta(days=1), law.load())
        return first, time.perf_counter() - begun


def watching(server: str, sizes: tuple[int, int] = (1_000, 100_000)) -> None:
    taken = []
    for size in sizes:
        taken.append(asyncio.run(_looking(new_database(server, f"bench_watch_{size}"), size)))
        drop_database(server, f"bench_watch_{size}")
    (_, small), (first, large) = taken
    print(
        f"watch: the first look at {sizes[1]:,} transfers {first:.1f} s; {DUE:,} due of {sizes[1]:,} {large:.2f} s, "
        f"of {sizes[0]:,} {small:.2f} s, ratio {large / small:.2f}"
    )
