"""The command line: design section 10 is its contract. Exit 0 did its work, 1 found something or failed, 2 misused.

Nothing but the answer goes to stdout. This is the door at which the day is fixed: below it, nobody asks for it.
"""

import asyncio
import errno
import getpass
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import asyncpg
import msgspec
import rich_click as click

from assessments.assess import Clocks
from registry import adopted, database, embedded, journal, law, settings, whole
from registry.errors import Misused, Refused
from registry.law import Pack, packs

Answer = TypeVar("Answer")
END_OF_DAY = time.max.replace(tzinfo=UTC)


class Day(click.ParamType[date]):
    """A day, as YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else day_of(value)
        except ValueError as error:
            self.fail(f"{value!r} is no day ({error}): write it as YYYY-MM-DD", param, ctx)


class Instant(click.ParamType[datetime]):
    """A day, meaning its end in UTC, or an instant as YYYY-MM-DDTHH:MM:SSZ."""

    name = "day or instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            if "T" not in value:
                return datetime.combine(day_of(value), END_OF_DAY)
            instant = datetime.fromisoformat(value)
            day_of(value.partition("T")[0])
            return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
        except ValueError as error:
            self.fail(f"{value!r} is no day or instant ({error}): write 2020-07-16 or 2020-07-16T09:30:00Z", param, ctx)


def day_of(text: str) -> date:
    """A day within the reach of the law's files. Raises ValueError for anything else."""
    if not re.fullmatch(r"[12]\d{3}-\d\d-\d\d", text):
        raise ValueError("a year from 1000 to 2999, month and day")
    return date.fromisoformat(text)


DAY, INSTANT = Day(), Instant()
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
as_of_option = click.option("--as-of", type=DAY, default=None, help="The day the question is about (today).")
known_on_option = click.option("--known-on", type=INSTANT, default=None, help="What was recorded and published by then (now).")
law_option = click.option(
    "--law", "by_law", default=None, metavar="VERSION", help="Judge by this law on file: its fingerprint, or how that begins."
)


class Told(logging.Handler):
    """What the program says beside its answer: a line on stderr, once a command."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if (line := record.getMessage()) not in self.said:
            self.said.add(line)
            click.echo(f"onward: {line}", err=True)


TOLD = Told()
logging.getLogger("onward.law").addHandler(TOLD)
logging.getLogger("onward.law").propagate = False


class Commands(click.RichGroup):
    """Whatever goes wrong becomes one line on stderr, or one for each row of a file, and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        TOLD.said.clear()
        try:
            answer = super().main(*args, **{**kwargs, "standalone_mode": False})
            if sys.stdout:
                sys.stdout.flush()  # what finds no room there is told here, and not by Python on its way out
            return answer
        except click.ClickException as error:
            complain(error.format_message(), error.exit_code)
        except click.Abort:
            complain("stopped", 1)
        except Refused as error:
            complain(str(error), error.exit_code, *error.further)
        except UnicodeEncodeError:
            complain("what was given is no UTF-8: write it in UTF-8", 2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EPIPE} and not settings.no_room():
                if error.filename is None:
                    sys.stdout = open(os.devnull, "w")
                if error.errno == errno.EPIPE:
                    sys.exit(1)  # nobody reads on, as in `onward law check | head -1`
                place = f"{error.filename} is" if error.filename else "this is printed to"
                complain(f"there is no room where {place}: make room, or name a place elsewhere", 1)
            complain(database.told(error), 1)


def complain(what: str, exit_code: int, *further: str) -> NoReturn:
    for line in (what, *further):
        print("onward:", " ".join(line.split()), file=sys.stderr)
    sys.exit(exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="onward", prog_name="onward")
def main() -> None:
    """The register of third parties and cross-border transfers, judged on dated law."""


def today() -> date:
    """The UTC date."""
    return datetime.now(UTC).date()


def who() -> str:
    return f"cli:{getpass.getuser()}"


async def asked_of(as_of: date | None, known_on: datetime | None) -> Clocks:
    """The three clocks of a question to the register that is open: its today is a demo's own day on a demo, as on its pages."""
    async with database.as_known(None) as at:
        return clocks(as_of, known_on, await journal.today(at))


def clocks(as_of: date | None, known_on: datetime | None, now: date) -> Clocks:
    """The three clocks of a question, those not given set to today."""
    shown = now.isoformat()
    if known_on is not None and known_on > datetime.combine(now, END_OF_DAY):
        raise Misused(
            f"--known-on lies in the future: nobody knows yet what will have been recorded by then: name {now}, which is today "
            "here, or an earlier day"
        )
    if known_on is not None:
        whole_day = known_on.timetz() == END_OF_DAY
        shown = known_on.date().isoformat() if whole_day else known_on.astimezone(UTC).isoformat().replace("+00:00", "Z")
    known_day = known_on.astimezone(UTC).date() if known_on else now
    return Clocks(as_of or now, known_on, known_day, shown)


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs one command's work, and leaves the embedded server afterwards."""
    try:
        return asyncio.run(work)
    finally:
        if settings.database_url() is None:
            embedded.stop(settings.home())


@asynccontextmanager
async def judging(by_law: str | None) -> AsyncIterator[Pack]:
    """The register, open, and the law that it is asked by: the one that rules there, or the one that was named."""
    async with database.opened():
        if by_law is None:
            yield law.load()
            return
        async with database.as_known(None) as at:
            chosen = await adopted.chosen(at, by_law)
        with packs.ruling(chosen):
            yield law.load()


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file whole, or leaves what was there; what is no plain file (a pipe, a device) is written to."""
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {whole.said(error)}") from error
    with whole.written(path, "the file") as file:
        file.write(content)


def print_json(answer: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
