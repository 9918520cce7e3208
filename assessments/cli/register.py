"""Commands about what is on file: demo, import, export, journal, erase, doctor, user."""

import hashlib
import secrets
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import rich_click as click

from assessments import doctor, tables_shown
from assessments.cli.door import (
    DAY,
    as_json,
    as_of_option,
    known_on_option,
    main,
    print_json,
    run,
    today,
    who,
    write_whole,
)
from registry import access, database, demo, journal, law, once, people, register, settings
from registry.errors import Misused
from registry.vocabulary import DEMO_NOTICE, PersonRole

LONGEST_KEY = 200


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
@click.option(
    "--idempotency-key", "key", default=None, help="A name for this sending: the same file under it again writes nothing."
)
def import_register(file: Path, dry_run: bool, why: str | None, key: str | None) -> None:
    """Import a register file: all or nothing, one entry a row.

    With --idempotency-key a sending that is repeated within 30 days is taken once: the same file again says when it was
    taken, writes nothing and exits with 0; another file under the same key is refused with 1. Two at once wait for each other.
    """
    if key is not None and not 0 < len(key.strip()) <= LONGEST_KEY:
        raise Misused(f"--idempotency-key: give it up to {LONGEST_KEY} characters that name this sending, or leave it out")
    rows = register.read_file(file)
    register.checked(rows)
    sent = (key.strip(), hashlib.sha256(file.read_bytes()).hexdigest()) if key is not None else None

    async def write() -> int:
        rehearsal = dry_run and not await database.holds_register()
        async with database.scratch() if rehearsal else database.opened(create=not dry_run):
            begins = demo_from(rows)
            return await register.import_register(rows, who(), why, file.name, demo_from=begins, dry_run=dry_run, sent=sent)

    try:
        count = run(write())
    except once.TakenBefore as before:
        click.echo(f"{file.name} was taken already on {before.at:%Y-%m-%d %H:%M:%S} UTC under this key: nothing was written.")
        return
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
    for row in dict.fromkeys(row for row in done.rows if row.startswith("person ")):
        click.echo(f"{row.removeprefix('person ')} signs in no more", err=True)
    for text in done.texts:
        click.echo(f"taken out of: {text}")
    for place in done.left:
        click.echo(
            f"still named in {place}, which is no place for people's names: what is proved there stays for good", err=True
        )
    if done.alone:
        click.echo("no administrator can sign in any more: onward user add --help tells how another one is added", err=True)


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
@click.option("--until", default="", help="Until when an auditor may sign in: YYYY-MM-DDTHH:MM, in UTC.")
@click.option("--no-end", is_flag=True, help="An auditor may sign in without an end.")
def user_add(name: str, email: str | None, role: str, password_stdin: bool, until: str, no_end: bool) -> None:
    """Add a person who may act. Prints the key; the password is kept as a hash, apart from the register.

    Of an auditor it must be said until when they may sign in (--until), or that there is no end (--no-end).
    """
    ends, wrong = None, ""
    if role == PersonRole.AUDITOR:
        ends, wrong = access.end_of(until, "yes" if no_end else "", datetime.now(UTC))
    elif until or no_end:
        wrong = "Only an auditor's access has an end: leave both out."
    if wrong:
        raise Misused(f"--until, --no-end: {wrong}")
    if not name.strip():
        raise Misused("--name: cannot be empty")
    password, given = _password(from_stdin=password_stdin)
    if len(password) < people.SHORTEST:
        raise Misused(f"password: at least {people.SHORTEST} characters")

    async def write() -> str:
        async with database.opened(create=True):
            await journal.open_register(who())
            return await people.add_person(name, email, PersonRole(role), today(), password, who(), given=given, ends=ends)

    key = run(write())
    if given:
        click.echo(f"password, told this once, to be changed at the first signing in: {password}", err=True)
    click.echo(key)


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was made here: where nobody can be asked, one is, told once on stderr, to be changed."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n"), False
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)), False
    return secrets.token_urlsafe(15), True


def demo_from(rows: dict[str, list[dict[str, Any]]]) -> datetime | None:
    """Where an empty register would begin with the file: a demo's export stays a demo, its time the last of it."""
    if not register.is_demo_file(rows):
        return None
    last = max((str(row["since"]) for found in rows.values() for row in found if "since" in row), default=today().isoformat())
    return datetime.combine(min(date.fromisoformat(last), today()), time(tzinfo=UTC))
