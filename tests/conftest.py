"""One server a run, started here; a database a test, copied from a template. The seed of a run is printed."""

import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import hypothesis
import pytest
from argon2 import PasswordHasher

from registry import access, people
from tests.support import Register, Server, drop_database, environment, like, new_database

_server: list[Server] = []


MEMORY, ROOM = Path("/dev") / "shm", 4 * 2**30  # a file system in memory: making a database takes a twentieth of the time
CHEAP = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)  # in a process of its own the program hashes as it does


OWN_TYPES = 16384  # below it the numbers of types are PostgreSQL's own, the same in every database
_plainly = asyncpg.Connection._introspect_types
_types: dict[frozenset[int], Any] = {}


async def _asked_once(connection: asyncpg.Connection, numbers: set[int], within: float | None) -> tuple[Any, Any]:
    """What PostgreSQL's own types are is asked once by each process: each connection would, and tests open thousands."""
    asked = frozenset(numbers)
    if max(asked) >= OWN_TYPES:
        return await _plainly(connection, numbers, within)
    if asked not in _types:
        answer = await _plainly(connection, numbers, within)
        _types[asked] = answer[0]
        return answer
    return _types[asked], SimpleNamespace(name="no statement was put in the place of the caller's")


def pytest_configure(config: pytest.Config) -> None:
    asyncpg.Connection._introspect_types = _asked_once
    people.HASHER = access.HASHER = CHEAP
    access._NOBODY = people.of_no_password()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the program that tests start is compiled once, not at each start
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    if not os.environ.get("ONWARD_TEST_SEED"):
        os.environ["ONWARD_TEST_SEED"] = str(secrets.randbelow(10**9))
    hypothesis.settings.register_profile("run", deadline=None, max_examples=int(os.environ.get("ONWARD_EXAMPLES", "25")))
    hypothesis.settings.load_profile("run")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _server.append(Server(int(os.environ.get("ONWARD_TEST_PG", "18"))))
        os.environ["ONWARD_TEST_SERVER"] = _server[0].url


def pytest_unconfigure(config: pytest.Config) -> None:
    while _server:
        _server.pop().stop()


def pytest_report_header() -> str:
    return f"onward: PostgreSQL {os.environ.get('ONWARD_TEST_PG', '18')}, seed {os.environ['ONWARD_TEST_SEED']}"


@pytest.fixture
def seed() -> int:
    """What this run draws from: printed, and given again by SEED=n."""
    return int(os.environ["ONWARD_TEST_SEED"])


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture(scope="session")
def server() -> str:
    return os.environ["ONWARD_TEST_SERVER"]


@pytest.fixture(autouse=True)
def _no_home_of_the_machine() -> Iterator[None]:
    with environment(ONWARD_HOME=None, DATABASE_URL=None, ONWARD_LAW=None, ONWARD_KEY=None):
        yield


@pytest.fixture
def register(server: str) -> Iterator[Register]:
    """An empty register of this test's own."""
    name = f"t_{secrets.token_hex(6)}"
    yield Register(new_database(server, name))
    drop_database(server, name)


@pytest.fixture
def another(server: str) -> Iterator[Register]:
    """A second one, elsewhere."""
    name = f"t_{secrets.token_hex(6)}"
    yield Register(new_database(server, name))
    drop_database(server, name)


@pytest.fixture
def demo(server: str) -> Iterator[Register]:
    """A copy of the whole demo, which is told once by each process."""
    with like(server, "demo", lambda register: register.onward("demo")) as register:
        yield register


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


LONG = (  # what takes long, the longest first
    "tests/stories/test_kills.py",
    "tests/pages/test_axe.py",
    "tests/pages/test_hostile.py",
    "tests/registry/test_embedded.py",
    "tests/pages/test_three_people.py",
    "tests/stories/test_the_day_comes.py",
    "tests/registry/test_backup.py",
    "tests/assessments/test_reports.py",
    "tests/assessments/test_press.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker is handed a row of tests, as long as the others': it begins with its share of what takes long.

    Who is done takes from the end of another's row, where what is quick stands: so no core waits for one long test at the end.
    """
    hands = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    rows: list[list[pytest.Item]] = [[] for _ in range(hands)]
    for place, name in enumerate(LONG):
        turn, hand = divmod(place, hands)
        rows[hand if turn % 2 == 0 else hands - 1 - hand] += [item for item in items if item.nodeid.startswith(name)]
    quick = [item for item in items if not item.nodeid.startswith(LONG)]
    left = len(items)
    for number, row in enumerate(rows):
        share = left // (hands - number)
        fill = max(0, share - len(row)) if number < hands - 1 else len(quick)
        row += quick[:fill]
        del quick[:fill]
        left -= len(row)
    items[:] = [item for row in rows for item in row]
