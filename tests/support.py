"""What tests need to stand in a register: a server a run, a database a test, and the command line in process."""

import asyncio
import json
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from click.testing import CliRunner

from assessments.cli import main
from registry import database, embedded, journal, keys, settings

Answer = TypeVar("Answer")
TEMPLATE = "onward_template"


class Server:
    """The PostgreSQL of one test run, from the wheel, quick because nothing of it has to survive."""

    def __init__(self, version: int, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="onward-tests-"))
        self.url = embedded.start(settings.checked_home(create=True, folder=self.folder / "home"), version)
        asyncio.run(self._prepare(durable=durable))

    async def _prepare(self, *, durable: bool) -> None:
        server = await asyncpg.connect(self.url)
        for line in (
            ()
            if durable
            else (
                "fsync = off",
                "synchronous_commit = off",
                "full_page_writes = off",
                "max_connections = 200",
                "max_wal_size = '256MB'",
            )
        ):
            await server.execute(f"alter system set {line}")
        await server.execute("select pg_reload_conf()")
        await server.execute(f"create database {TEMPLATE}")
        await server.close()
        async with database.opened(create=True, url=beside(self.url, TEMPLATE)):
            pass

    def stop(self) -> None:
        embedded.stop(self.folder / "home")
        shutil.rmtree(self.folder, ignore_errors=True)


def beside(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def new_database(server: str, name: str, template: str = TEMPLATE) -> str:
    """An empty register of its own, copied from the template."""
    _told(server, f"create database {name} template {template} strategy file_copy")
    return beside(server, name)


def drop_database(server: str, name: str) -> None:
    _told(server, f"drop database if exists {name} with (force)")


def _told(server: str, statement: str) -> None:
    loop, connection = _at(server)
    loop.run_until_complete(connection.execute(statement))


@cache
def _at(server: str) -> tuple[asyncio.AbstractEventLoop, asyncpg.Connection]:
    """The one connection by which a process makes and drops all databases of a server; it ends with the process."""
    loop = asyncio.new_event_loop()
    return loop, loop.run_until_complete(asyncpg.connect(server))


_MADE: dict[str, str] = {}


@contextmanager
def like(server: str, what: str, make: Callable[["Register"], object]) -> Iterator["Register"]:
    """A copy of a register with a history, which is made once by each process of a run."""
    if what not in _MADE:
        made = f"m_{secrets.token_hex(6)}"
        make(Register(new_database(server, made)))
        _MADE[what] = made
    name = f"t_{secrets.token_hex(6)}"
    yield Register(new_database(server, name, _MADE[what]))
    drop_database(server, name)


@cache
def _signing_key() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        keys.make(Path(folder) / "key.pem")
        return (Path(folder) / "key.pem").read_bytes()


@contextmanager
def signing(folder: Path) -> Iterator[Path]:
    """The key that registers made by `like` are signed with, in a file of this test's own."""
    path = folder / "key.pem"
    path.write_bytes(_signing_key())
    path.chmod(0o600)
    with environment(ONWARD_KEY=str(path)):
        yield path


def unkept(folder: Path) -> None:
    """The head beside the key is gone, as on another machine, or for somebody who holds the key."""
    for path in folder.glob("*.signed.txt"):
        path.unlink()


class Register:
    """An open register: what a person does at the command line, and what a program does beneath it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Runs work in the register, which is opened as no demo where it is new."""

        async def inside() -> Answer:
            async with database.opened(create=True, url=self.url):
                await journal.open_register("cli:test")
                return await work()

        with environment(DATABASE_URL=self.url):
            return asyncio.run(inside())

    def ask(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Straight to the database, past every door."""

        async def asked() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url)
            try:
                return list(await connection.fetch(query, *arguments))
            finally:
                await connection.close()

        return asyncio.run(asked())

    def onward(self, *words: str, exit_code: int = 0, stdin: str | None = None) -> str:
        """The command line, in process; the answer is what stands on stdout, or on stderr where it fails."""
        with environment(DATABASE_URL=self.url):
            result = CliRunner().invoke(main, list(words), input=stdin)
        assert result.exit_code == exit_code, f"{words}: exit {result.exit_code}\n{result.output}\n{result.exception!r}"
        return result.stdout if exit_code == 0 else result.stderr or result.stdout

    def answer(self, *words: str) -> Any:
        return json.loads(self.onward(*words, "--json"))

    def load(self, tables: dict[str, list[dict[str, Any]]], folder: Path, *, exit_code: int = 0) -> str:
        path = folder / "register.json"
        path.write_text(json.dumps(tables))
        return self.onward("import", "register", str(path), exit_code=exit_code)

    def export(self, folder: Path, *words: str) -> bytes:
        path = folder / "exported.json"
        self.onward("export", "register", "--out", str(path), *words)
        return path.read_bytes()


def few(*values: Answer) -> list[Answer]:
    """The first of some values; all of them where `make prove` asks for large numbers (ONWARD_LARGE)."""
    return list(values) if os.environ.get("ONWARD_LARGE") else list(values[:1])


def some(chance: random.Random, values: Sequence[Answer], most: int) -> list[Answer]:
    """So many of some values as the run's seed draws them; all of them where `make prove` asks for large numbers."""
    return list(values) if os.environ.get("ONWARD_LARGE") else chance.sample(values, min(most, len(values)))


large = pytest.mark.skipif(not os.environ.get("ONWARD_LARGE"), reason="takes long: run by make prove")


@contextmanager
def environment(**values: str | None) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def a_register(**more: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """A company under the GDPR, a vendor in the United States on the Privacy Shield, one leg between them."""
    since = "2018-05-25"
    tables: dict[str, list[dict[str, Any]]] = {
        "party": [
            {"key": "house", "name": "House GmbH", "ours": True, "country": "DE", "since": since},
            {"key": "mailer", "name": "Mailer, Inc.", "country": "US", "since": since},
        ],
        "regime_scope": [{"key": "house", "party": "house", "basis": "established", "territory": "DE", "since": since}],
        "vendor": [{"key": "mailer", "party": "mailer", "category": "email_marketing", "since": since}],
        "processing_activity": [
            {"key": "news", "name": "Newsletter", "controller": "house", "our_role": "controller", "since": since}
        ],
        "engagement": [{"key": "news", "vendor": "mailer", "activity": "news", "role": "processor", "since": since}],
        "transfer": [
            {
                "key": "news",
                "engagement": "news",
                "exporter": "house",
                "importer": "mailer",
                "country": "US",
                "how": "established",
                "since": since,
            }
        ],
        "certification": [
            {
                "key": "shield",
                "party": "mailer",
                "framework": "eu-us-privacy-shield",
                "status": "active",
                "covers_non_hr": True,
                "since": since,
            }
        ],
    }
    return tables | more
