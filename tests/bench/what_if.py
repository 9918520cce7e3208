"""What-ifs on a register that was read and judged once, against judging all of it: in turns, within one run.

Judging all is what `make bench PART=judging` measures, reading included; what it takes in memory alone is told beside it.
"""

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import asyncpg

from assessments import dossier, gaps
from assessments.assess import Clocks
from assessments.picture import Picture
from assessments.supposed import Moved, Supposed
from assessments.verdicts import Judge
from assessments.what_if import counts, what_if
from registry import database, journal, law
from registry.law.supposing import decision
from tests.bench.synthetic import load, synthetic
from tests.support import new_database

TODAY = date(2026, 11, 23)
SIZE = 100_000
TURNS = 5


def _taken(work: Callable[[], Any]) -> float:
    gc.collect()
    begun = time.process_time()  # of this process alone: the machine may have other things to do
    answer = work()
    taken = time.process_time() - begun
    del answer  # what is answered is told before it is forgotten
    return taken


async def _read() -> list[Any]:
    async with database.as_known(None):
        return await dossier.open_dossiers()


def _judge_all(dossiers: list[Any]) -> Judge:
    judge = Judge(law.load(), TODAY)
    for one, reading in judge.judged(dossiers, TODAY):
        judge.next_change(one, reading, TODAY)
    return judge


async def _asked(url: str, seed: int) -> None:
    async with database.opened(create=True, url=url):
        await journal.open_register("cli:bench")
        connection = await asyncpg.connect(url)
        await load(connection, synthetic(SIZE, random.Random(seed)))
        await connection.close()
        with database.uncollected():
            dossiers = await _read()
            _judge_all(dossiers)
            begun = time.process_time()
            for _ in range(TURNS):
                await _read()
            reading = (time.process_time() - begun) / TURNS
            made = statistics.median(_taken(lambda: Picture(dossiers, Judge(law.load(), TODAY), TODAY)) for _ in range(3))
            picture = Picture(dossiers, Judge(law.load(), TODAY), TODAY)
            ways = _taken(lambda: picture.ways)
            party = next(iter(picture.above.values()))[0].dossier.route.importer
            asked = {
                "the framework annulled": Supposed(TODAY, annul=("eu-us-dpf",)),
                "the clauses of 2021 annulled": Supposed(TODAY, annul=("eu-scc-2021",)),
                "a decision ended": Supposed(TODAY, end=("eu-adequacy-jp",)),
                "every listing lapsed": Supposed(TODAY, lapse=("eu-us-dpf",), frameworks=True),
                "a decision adopted": Supposed(TODAY, adopt=(decision(law.load(), "IN", "EU_GDPR", TODAY),)),
                "a vendor moved": Supposed(TODAY, moves=(Moved(party, "IN"),)),
            }
            _told(picture, asked, dossiers, reading)
            print(f"what-if: the picture it asks of took {made:.2f} s, the ways up {ways:.2f} s, once")
        clocks = Clocks(TODAY, None, TODAY, TODAY.isoformat())
        begun = time.perf_counter()
        found = await gaps.gaps(law.load(), clocks)
        took, again = time.perf_counter() - begun, time.perf_counter()
        await gaps.gaps(law.load(), clocks)
        kept = (time.perf_counter() - again) * 1000
        print(f"gaps of {SIZE:,} transfers, reading included: {len(found or ()):,} in {took:.1f} s; once kept, {kept:.0f} ms")


def _told(picture: Picture, asked: dict[str, Supposed], dossiers: list[Any], reading: float) -> None:
    """Each question and judging all of it in turns, so that what else the machine does slows both alike."""
    for name, supposed in asked.items():
        runs = [(_taken(lambda: _judge_all(dossiers)), _taken(lambda s=supposed: what_if(picture, s))) for _ in range(TURNS)]
        judged, took = (statistics.median(times) for times in zip(*runs, strict=True))
        found = what_if(picture, supposed)
        numbers = ", ".join(f"{number:,} {fate}" for fate, number in counts(found.turned).items() if number)
        ratio, alone = (statistics.median(one[1] / (one[0] + more) for one in runs) for more in (reading, 0))
        print(
            f"what-if, {name}, {SIZE:,} transfers once read: {took * 1000:.0f} ms, judging all "
            f"{(judged + reading) * 1000:.0f} ms, ratio {ratio:.3f} (goal 0.1; without reading {judged * 1000:.0f} ms, "
            f"{alone:.3f}); {numbers or 'nothing turns'}"
        )


def asking(server: str, seed: int) -> None:
    asyncio.run(_asked(new_database(server, "bench_what_if"), seed))
