"""The command line: design section 10 is its contract. Exit 0 did its work, 1 found something or failed, 2 misused.

Nothing but the answer goes to stdout. This is the door at which the day is fixed: below it, nobody asks for it.
"""

import asyncio
import getpass
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Coroutine
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import asyncpg
import msgspec
import rich_click as click

from assessments import cases, doctor, tables_shown
from assessments.assess import Clocks
from assessments.assess import assess as assess_register
from registry import database, demo, embedded, journal, law, people, register, settings
from registry.errors import Misused, Refused
from registry.vocabulary import DEMO_NOTICE, PersonRole

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


class Commands(click.RichGroup):
    """Whatever goes wrong becomes one line on stderr and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.ClickException as error:
            complain(error.format_message(), error.exit_code)
        except click.Abort:
            complain("stopped", 1)
        except Refused as error:
            complain(str(error), error.exit_code)
        except UnicodeEncodeError:
            complain("what was given is no UTF-8: write it in UTF-8", 2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            complain(f"the database could not be used: {error}; `onward doctor` looks at it", 1)


def complain(what: str, exit_code: int) -> NoReturn:
    print("onward:", " ".join(what.split()), file=sys.stderr)
    sys.exit(exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="onward", prog_name="onward")
def main() -> None:
    """The register of third parties and cross-border transfers, judged on dated law."""


@main.command("demo")
@click.option("--until", type=DAY, default=None, help="Write the history up to this day (all of it).")
def demo_command(until: date | None) -> None:
    """Write the demo's history into an empty register; again: changes nothing."""
    last = demo.days()[-1]

    async def write() -> list[date]:
        async with database.opened(create=True):
            return await demo.write_demo(until or last, today())

    written = run(write())
    where = (settings.database_url() and "the database") or settings.home()
    said = f"{len(written)} days of history, {written[0]} to {written[-1]}" if written else "nothing: it was all there"
    click.echo(f"Wrote {said}, in {where}.\n{DEMO_NOTICE}.")


@main.group("import")
def import_group() -> None:
    """Bring data in."""


@import_group.command("register")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--why", default=None, help="The reason that its entries give.")
def import_register(file: Path, dry_run: bool, why: str | None) -> None:
    """Import a register file: all or nothing, one entry a row."""
    rows = register.read_file(file)
    register.checked(rows)

    async def write() -> int:
        rehearsal = dry_run and not await database.holds_register()
        async with database.scratch() if rehearsal else database.opened(create=not dry_run):
            return await register.import_register(rows, who(), why, file.name, demo_from=demo_from(rows), dry_run=dry_run)

    count = run(write())
    click.echo(f"{'Would import' if dry_run else 'Imported'} {count} row{'' if count == 1 else 's'} from {file.name}.")


@main.group("export")
def export_group() -> None:
    """Take data out."""


@export_group.command("register")
@as_of_option
@known_on_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
def export_register(as_of: date | None, known_on: datetime | None, out: Path) -> None:
    """Export the register: what import reads, and then exports as the same bytes."""

    async def read() -> bytes:
        async with database.opened():
            return await register.export_register(as_of, known_on)

    write_whole(out, run(read()))
    click.echo(f"Exported the register to {out}.", err=True)


@main.command()
@as_of_option
@known_on_option
@as_json
def assess(as_of: date | None, known_on: datetime | None, as_json: bool) -> None:
    """Judge every transfer on a day, as known on a day, by the law as published then."""
    asked = clocks(as_of, known_on)

    async def read() -> list[Any]:
        async with database.opened():
            return list(await assess_register(law.load(), asked))

    assessed = run(read())
    if as_json:
        print_json(assessed)
    else:
        tables_shown.verdicts(assessed, asked)


@main.group("law")
def law_group() -> None:
    """The law as dated files."""


@law_group.command("check")
@as_of_option
@as_json
def law_check(as_of: date | None, as_json: bool) -> None:
    """Fail on anything unsound; list what is overdue for re-verification, weakest grade first."""
    pack = law.load()
    overdue = [
        {"fact": fact, "grade": cited.grade, "verified_on": cited.verified_on, "citation": cited.citation}
        for fact, cited in pack.overdue(as_of or today())
    ]
    if as_json:
        print_json(overdue)
    else:
        tables_shown.law_check(pack, overdue)


@law_group.command("show")
@click.argument("key")
@as_of_option
@known_on_option
def law_show(key: str, as_of: date | None, known_on: datetime | None) -> None:
    """Print an instrument's life, and how it stands on a day."""
    pack = law.load()
    if key not in pack.instruments:
        raise Misused(f"no instrument is called {key!r}: there are {', '.join(pack.instruments)}")
    asked = clocks(as_of, known_on)
    tables_shown.instrument(pack.instruments[key], pack.on(asked.as_of, asked.known_on).standing(key), asked)


@law_group.command("cases")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--through-register", is_flag=True, help="Write each case into an empty register first.")
@as_json
def law_cases(file: Path, through_register: bool, as_json: bool) -> None:
    """Put worked cases to the judge; print those that differ."""
    read = cases.read_cases(file)

    async def answer() -> list[cases.Result]:
        if not through_register:
            return await cases.answer_cases(read, law.load(), today(), through_register=False)
        async with database.scratch():
            return await cases.answer_cases(read, law.load(), today(), through_register=True)

    results = run(answer())
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(results)
    else:
        for result in failed:
            click.echo(result.line())
        click.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        sys.exit(1)


@main.command("journal")
@as_json
def journal_command(as_json: bool) -> None:
    """Print the journal: what happened to which row, when, by whom, and why."""

    async def read() -> list[journal.Written]:
        async with database.opened(), database.as_known(None):
            return await journal.entries()

    entries = run(read())
    if as_json:
        print_json(entries)
    else:
        tables_shown.journal(entries)


@main.command()
@click.argument("person")
@click.option("--why", required=True, help="The reason, without the person's name.")
def erase(person: str, why: str) -> None:
    """Erase a natural person: PERSON is a key, `contact:KEY`, `person:KEY` or an e-mail address."""

    if not why.strip():
        raise Misused("--why: say for what reason, without the person's name")

    async def write() -> people.Erasure:
        async with database.opened():
            return await people.erase_person(person, why, who())

    done = run(write())
    for row in done.rows:
        click.echo(f"erased: {row}")
    for text in done.texts:
        click.echo(f"taken out of: {text}")
    for place in done.left:
        click.echo(f"still named in {place}, which is no personal column: its entries hold it for good", err=True)


@main.command("doctor")
@as_json
def doctor_command(as_json: bool) -> None:
    """Look at home, database, journal and law; exit 1 where something is wrong."""

    async def look() -> list[doctor.Check]:
        async with database.opened():
            return await doctor.look(law.load(), today())

    checks = run(look())
    if as_json:
        print_json(checks)
    else:
        tables_shown.checks(checks)
    if not all(check.sound for check in checks):
        sys.exit(1)


@main.group("user")
def user_group() -> None:
    """The people who may act."""


@user_group.command("add")
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", default=None, help="Where alerts go.")
@click.option("--role", type=click.Choice([role.value for role in PersonRole]), required=True, help="What the person may do.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin; without it, and without a terminal, one is made."
)
def user_add(name: str, email: str | None, role: str, password_stdin: bool) -> None:
    """Add a person who may act. Prints the key; the password is kept as a hash, apart from the register."""
    password = _password(from_stdin=password_stdin)
    if not name.strip():
        raise Misused("--name: cannot be empty")
    if len(password) < 12:
        raise Misused("password: at least 12 characters")

    async def write() -> str:
        async with database.opened(create=True):
            await journal.open_register(who())
            return await people.add_person(name, email, PersonRole(role), today(), password, who())

    click.echo(run(write()))


def _password(*, from_stdin: bool) -> str:
    """The password as given; where nobody can be asked, one is made and told once, on stderr."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    made = secrets.token_urlsafe(15)
    click.echo(f"password, told this once: {made}", err=True)
    return made


def today() -> date:
    """The UTC date."""
    return datetime.now(UTC).date()


def who() -> str:
    return f"cli:{getpass.getuser()}"


def clocks(as_of: date | None, known_on: datetime | None) -> Clocks:
    """The three clocks of a question, those not given set to now."""
    now = today()
    shown = now.isoformat()
    if known_on is not None and known_on > datetime.combine(now, END_OF_DAY):
        raise Misused("--known-on lies in the future: nobody knows yet what will have been recorded by then")
    if known_on is not None:
        whole_day = known_on.timetz() == END_OF_DAY
        shown = known_on.date().isoformat() if whole_day else known_on.astimezone(UTC).isoformat().replace("+00:00", "Z")
    known_day = known_on.astimezone(UTC).date() if known_on else now
    return Clocks(as_of or now, known_on, known_day, shown)


def demo_from(rows: dict[str, list[dict[str, Any]]]) -> datetime | None:
    """Where an empty register would begin with the file: a demo's export stays a demo, its time the last of it."""
    if not register.is_demo_file(rows):
        return None
    last = max((str(row["since"]) for found in rows.values() for row in found if "since" in row), default=today().isoformat())
    return datetime.combine(min(date.fromisoformat(last), today()), time(tzinfo=UTC))


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs one command's work, and leaves the embedded server afterwards."""
    try:
        return asyncio.run(work)
    finally:
        if settings.database_url() is None:
            embedded.stop(settings.home())


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file whole, or leaves what was there; what is no plain file (a pipe, a device) is written to."""
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o600 if not path.exists() else path.stat().st_mode & 0o777)
        os.replace(file.name, path)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from error


def print_json(answer: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
