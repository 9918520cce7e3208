"""The pages of one vendor, one transfer and the list of vendors, in a small register and in one a hundred times as large."""

import asyncio
import random
import statistics
import time
from typing import Any

import asyncpg

from tests.bench.synthetic import load, synthetic
from tests.support import Register, drop_database, new_database
from tests.web import browse

SIZES = (1_000, 100_000)
RUNS = 15


async def _fill(url: str, size: int, seed: int) -> None:
    connection = await asyncpg.connect(url)
    await load(connection, synthetic(size, random.Random(seed)))
    await connection.execute("analyze")
    await connection.close()


def _taken(url: str, size: int, seed: int) -> dict[str, float]:
    """The median time of each page, in seconds, as the DPO's browser asks for it."""
    register = Register(url)
    register.do(_nothing)
    asyncio.run(_fill(url, size, seed))
    vendor, transfer = (
        register.ask(f"select key from {table} order by id offset 5 limit 1")[0][0] for table in ("vendor", "transfer")
    )
    addresses = {"vendor": f"/vendors/{vendor}", "transfer": f"/transfers/{transfer}", "vendors": "/vendors"}
    found: dict[str, float] = {}

    async def asked(as_role: Any) -> None:
        browser = await as_role("dpo")
        for name, address in addresses.items():
            times = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                answer = await browser.get(address)
                times.append(time.perf_counter() - begun)
                assert answer.status_code == 200, answer.text[-500:]
            found[name] = statistics.median(times[2:])

    browse(register, asked)
    return found


async def _nothing() -> None:
    """Opens the register and leaves it."""


def paging(server: str, seed: int) -> None:
    times = []
    for size in SIZES:
        name = f"bench_pages_{size}"
        times.append(_taken(new_database(server, name), size, seed))
        drop_database(server, name)
    for page in times[0]:
        small, large = times[0][page] * 1000, times[1][page] * 1000
        print(
            f"page {page}: {small:.0f} ms at {SIZES[0]:,} transfers, {large:.0f} ms at {SIZES[1]:,}, "
            f"ratio {large / small:.2f} (goal 1.5)"
        )
