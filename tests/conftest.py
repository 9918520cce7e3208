"""One server a run, started here; a database a test, copied from a template. The seed of a run is printed."""

import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support import Register, Server, drop_database, environment, new_database

_server: list[Server] = []


MEMORY, ROOM = Path("/dev") / "shm", 4 * 2**30  # a file system in memory: making a database takes a twentieth of the time


def pytest_configure(config: pytest.Config) -> None:
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
def folder(tmp_path: Path) -> Path:
    return tmp_path


SLOW = ("tests/pages/", "tests/stories/", "tests/registry/test_embedded.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no core waits for it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))
