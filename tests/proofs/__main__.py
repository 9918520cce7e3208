"""`make prove [PART=name]`: each part with its large number, under nine minutes a run, going on where it stopped.

A finished part writes a line into docs/proofs.md: what was shown, how often, with which seed, on which commit and day.
"""

import asyncio
import itertools
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path

from registry import keys
from tests import grid
from tests.proofs.bundles import altered_bundles
from tests.proofs.disk import small_disk
from tests.proofs.editors import interleave
from tests.proofs.full import SIZE, Full
from tests.proofs.kills import Kills
from tests.proofs.lived import live
from tests.proofs.tampering import tampered_apart
from tests.proofs.watches import Watches
from tests.support import Register, Server, beside, drop_database, environment, new_database

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".prove"
LINES = ROOT / "docs" / "proofs.md"
BUDGET = 8.5 * 60  # seconds a run
ENTRIES = 1_000  # of the register that is tampered with
TOGETHER = 2  # processes that tamper, or answer the grid
TODAY = date(2026, 11, 23)  # of the law that the grid is answered by
BATCH = 5  # entries a process at once


Told = str | dict[str, int]  # what a round says, once or so many times


def kills_on_a_server_by_url(chance: random.Random, _: int) -> Iterator[Told]:
    """kill -9 during imports and edits on a server by DATABASE_URL; yields after each round how many hit a write."""
    server = Server(18, durable=True)
    try:
        url = new_database(server.url, "kills")
        kills = Kills(chance, {"DATABASE_URL": url}, None)
        while True:
            before = kills.hit
            kills.round()
            yield "hit" if kills.hit > before else "missed"
    finally:
        drop_database(server.url, "kills")
        server.stop()


def kills_on_the_embedded_server(chance: random.Random, _: int) -> Iterator[Told]:
    """The same on the embedded server, every third time with a kill -9 of the postmaster and its children."""
    with tempfile.TemporaryDirectory(prefix="onward-kills-") as folder:
        home = Path(folder) / "home"
        kills = Kills(chance, {"ONWARD_HOME": str(home)}, home)
        while True:
            before = kills.hit
            kills.round()
            yield "hit" if kills.hit > before else "missed"


def random_registers(chance: random.Random, _: int) -> Iterator[Told]:
    """Registers of random tokens: import, export, import elsewhere, export: the same bytes."""
    from tests.registry.test_register import a_random_register

    server = Server(18)
    try:
        while True:
            registers = [Register(new_database(server.url, f"r{number}")) for number in range(2)]
            with tempfile.TemporaryDirectory() as folder:
                registers[0].load(a_random_register(chance, rows=8), Path(folder))
                exported = registers[0].export(Path(folder))
                (Path(folder) / "again.json").write_bytes(exported)
                registers[1].onward("import", "register", str(Path(folder) / "again.json"))
                assert registers[1].export(Path(folder)) == exported
            for number in range(2):
                drop_database(server.url, f"r{number}")
            yield "same"
    finally:
        server.stop()


def properties(chance: random.Random, _: int) -> Iterator[Told]:
    """The properties of the rules, 1,000 examples each a round."""
    while True:
        given = os.environ | {"ONWARD_EXAMPLES": "1000"}
        seed = str(chance.randrange(10**9))
        command = [sys.executable, "-m", "pytest", "-n", "2", f"--hypothesis-seed={seed}", "tests/assessments/test_rules.py"]
        result = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-3000:]
        yield "held"


def killed_watches(chance: random.Random, _: int) -> Iterator[Told]:
    """kill -9 of a watch at random moments: one more look tells what an undisturbed one tells."""
    server = Server(18, durable=True)
    try:
        watches = Watches(chance, server.url)
        while True:
            yield watches.round()
    finally:
        server.stop()


def tales(chance: random.Random, _: int) -> Iterator[Told]:
    """Random facts on random days, looked at daily, twice, by three at once, after a gap: 40 tales a round."""
    while True:
        given = os.environ | {"ONWARD_TALES": "20"}
        seed = str(chance.randrange(10**9))
        command = [sys.executable, "-m", "pytest", "-n", "2", f"--hypothesis-seed={seed}"]
        command.append("tests/assessments/test_watch_tales.py")
        result = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-3000:]
        yield "held"


def homes(chance: random.Random, _: int) -> Iterator[Told]:
    """First starts and upgrades of a home killed at each of several moments, every failure of an upgrade."""
    return _large(chance, "tests/registry/test_embedded.py")


def restores(chance: random.Random, _: int) -> Iterator[Told]:
    """A restore killed at each of several moments, into a database and into a new home."""
    return _large(chance, "tests/registry/test_backup.py")


def whole_grid(_: random.Random, done: int) -> Iterator[Told]:
    """Each country under each regime: every mechanism on every change day, before and after, as two evaluators read it."""
    pairs = list(itertools.product(grid.REGIMES, grid.places()))[done:]
    with ProcessPoolExecutor(TOGETHER, mp_context=get_context("spawn")) as pool:
        yield from pool.map(grid.whole, *zip(*pairs, strict=True), [TODAY] * len(pairs))


def hostile(chance: random.Random, _: int) -> Iterator[Told]:
    """Hostile words in every field, on the pages of every table; the three people on every screen; every page in the dark."""
    return _large(chance, "tests/pages/test_hostile.py", "tests/pages/test_three_people.py", "tests/pages/test_axe.py")


def _large(chance: random.Random, *paths: str) -> Iterator[Told]:
    while True:
        given = os.environ | {"ONWARD_LARGE": "1", "ONWARD_TEST_SEED": str(chance.randrange(10**9))}
        command = [sys.executable, "-m", "pytest", "-n", "2", *paths]
        result = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-3000:]
        yield "held"


def drills(chance: random.Random, _: int) -> Iterator[Told]:
    """Backup, restore elsewhere, compare and verify, of registers with a random history: every step is sound."""
    server = Server(18)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number in itertools.count():
                keys.make(key := Path(folder) / f"key{number}.pem")  # a key signs for one register
                register = Register(new_database(server.url, "drilled"))
                asyncio.run(live(register.url, key, chance, 400))
                with environment(ONWARD_KEY=str(key)):
                    steps = register.answer("drill")
                assert steps, "a drill has steps"
                assert all(step["sound"] for step in steps), steps
                drop_database(server.url, "drilled")
                yield "clean"
    finally:
        server.stop()


def tampering(chance: random.Random, done: int) -> Iterator[Told]:
    """Each entry of a register of 1,000 and each kind of tampering by the database's owner: a round an entry, all found."""
    server = Server(18)
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(TOGETHER, mp_context=get_context("spawn")) as pool:
        try:
            keys.make(key := Path(folder) / "key.pem")
            asyncio.run(live(new_database(server.url, "t0"), key, chance, ENTRIES))
            urls = [beside(server.url, "t0")]
            urls += [new_database(server.url, f"t{number}", "t0") for number in range(1, TOGETHER)]
            for begin in range(done, ENTRIES, TOGETHER * BATCH):
                numbers = range(begin + 1, min(begin + TOGETHER * BATCH, ENTRIES) + 1)
                seeds = [chance.randrange(10**9) for _ in urls]
                shares = [numbers[place::TOGETHER] for place in range(TOGETHER)]
                for found in pool.map(tampered_apart, urls, [key] * TOGETHER, seeds, shares):
                    yield from found
        finally:
            server.stop()


def bundles(chance: random.Random, _: int) -> Iterator[Told]:
    """Every byte of a bundle's signatures and key, a bit of each file, entry, leaf and value, each dropped: all found."""
    server = Server(18)
    try:
        with tempfile.TemporaryDirectory() as folder:
            keys.make(key := Path(folder) / "key.pem")
            yield altered_bundles(Register(new_database(server.url, "bundle")), key, Path(folder), chance)
    finally:
        server.stop()


def full(chance: random.Random, _: int) -> Iterator[Told]:
    """A small disk filled during imports, exports and the server's own log: clear errors, reads, no half file, no help."""
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder) / "disk", SIZE) as disk:
        if isinstance(disk, str):
            print(f"not run: {disk}")
            yield "not run"
            return
        yield from Full(disk, chance).rounds()


def editors(chance: random.Random, _: int) -> Iterator[Told]:
    """Two editors of one row in any order of steps: no lost update; some hundred interleavings a round."""
    server = Server(18)
    try:
        while True:
            url = new_database(server.url, "editors")
            yield {"interleavings": interleave(url, chance.randrange(10**9), 250)}
            drop_database(server.url, "editors")
    finally:
        server.stop()


PARTS: dict[str, tuple[Callable[[random.Random, int], Iterator[Told]], int]] = {
    "tampering": (tampering, ENTRIES),
    "bundles": (bundles, 1),
    "full": (full, 3),
    "editors": (editors, 40),
    "drills": (drills, 20),
    "kills-by-url": (kills_on_a_server_by_url, 200),
    "kills-embedded": (kills_on_the_embedded_server, 200),
    "random-registers": (random_registers, 100),
    "properties": (properties, 5),
    "grid": (whole_grid, len(grid.REGIMES) * len(grid.places())),
    "homes": (homes, 3),
    "restores": (restores, 3),
    "hostile": (hostile, 2),
    "killed-watches": (killed_watches, 40),
    "tales-of-the-watch": (tales, 10),
}


def prove(name: str, until: float) -> bool:
    """Runs a part until it is done or the time is over; returns whether it is done."""
    work, goal = PARTS[name]
    path = STATE / f"{name}.json"
    state = json.loads(path.read_text()) if path.exists() else {"done": 0, "told": {}, "seed": secrets.randbelow(10**9)}
    if state["done"] >= goal:
        return True
    rounds = work(random.Random(state["seed"] + state["done"]), state["done"])
    longest = 0.0
    while state["done"] < goal and time.monotonic() + longest < until:
        begun = time.monotonic()
        if (told := next(rounds, None)) is None:
            break
        longest = max(longest, time.monotonic() - begun)
        state["done"] += 1
        for word, count in (told if isinstance(told, dict) else {told: 1}).items():
            state["told"][word] = state["told"].get(word, 0) + count
        path.write_text(json.dumps(state))
        print(f"\r{name}: {state['done']} of {goal}", end="", flush=True)
    rounds.close()  # type: ignore[attr-defined]
    print()
    if state["done"] >= goal:
        told = ", ".join(f"{count} {word}" for word, count in sorted(state["told"].items()))
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
        day = datetime.now(UTC).date()
        with LINES.open("a") as lines:
            lines.write(f"| {name} | {goal} ({told}) | {state['seed']} | {commit.stdout.strip()} | {day} |\n")
    return bool(state["done"] >= goal)


def main(names: list[str]) -> None:
    STATE.mkdir(exist_ok=True)
    until = time.monotonic() + BUDGET
    for name in names or PARTS:
        if not prove(name, until):
            print(f"the time is over: run it again, and {name} goes on where it stopped")
            return
    print("all parts are done; delete .prove to begin anew")


if __name__ == "__main__":
    main(sys.argv[1:])
