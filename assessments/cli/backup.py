"""Commands that keep the register when its machine is lost: backup, restore, erasures, drill."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import rich_click as click

from assessments import tables_shown
from assessments.cli.door import as_json, main, print_json, run
from assessments.wording import written
from registry import backup, database, drill, erasures, keys, restore, settings
from registry.backup import Header
from registry.erasures import Applied, Listed

FILE = click.Path(path_type=Path, dir_okay=False)
KEY_APART = "The signing key is not in it: keep a copy of it, apart from the backups"


@main.command("backup")
@click.argument("file", type=FILE)
def backup_command(file: Path) -> None:
    """Write the whole register into one file, while it is in use; whole, or not at all."""

    async def work() -> Header:
        async with database.opened(), database.as_known(None) as at:
            return (await backup.write(at, file))[0]

    header = run(work())
    click.echo(f"Wrote {file}: {header.sequence} entries, {file.stat().st_size} bytes. It holds personal data: keep it so.")
    where = ", ".join(str(path) for path in keys.files()) or "no key is at hand here (ONWARD_KEY)"
    click.echo(f"{KEY_APART}: {where}.", err=True)


@main.command("restore")
@click.argument("file", type=FILE)
@click.option("--erasures", "listed", type=FILE, help="What `onward erasures --json` printed: these are erased again.")
def restore_command(file: Path, listed: Path | None) -> None:
    """Make a backup a register again, in a new ONWARD_HOME or an empty database; whole, or not at all."""

    async def work() -> tuple[Header, list[Listed] | None, Applied]:
        with backup.opened(file) as (header, content):
            wanted = None if listed is None else erasures.read(listed, header.register)
            async with database.connected(create=True):
                return header, wanted, await restore.restore(file, header, content, wanted)

    header, wanted, done = run(work())
    where = "the database" if settings.database_url() else settings.home()
    click.echo(f"Restored {header.sequence} entries into {where}. Now verify it: onward verify --checkpoint FILE")
    _age(header, wanted)
    _erased_again(done)
    if header.checkpoint is not None:
        place = "name it in ONWARD_KEY" if settings.database_url() else f"put it into {settings.home() / 'private'}, as *.pem"
        click.echo(f"The signing key was not in the backup: {place} (chmod 600).", err=True)
    if done.missing:
        raise SystemExit(1)


def _age(header: Header, wanted: list[Listed] | None) -> None:
    """How old the backup is, and what is not known for that."""
    made = header.made.astimezone(UTC)
    age = datetime.now(UTC) - made
    count, unit = (age.days, "day") if age.days else (age.seconds // 60, "minute")
    said = f"{count} {unit}{'' if count == 1 else 's'}"
    click.echo(
        f"The backup was made on {written(made.date())} at {made:%H:%M} UTC, {said} ago; what came later is not in it.",
        err=True,
    )
    if wanted is None:
        click.echo(
            "Erasures since then are not known here: who was erased since has come back. If there were any, restore again "
            "into an empty place with --erasures LIST.json: what `onward erasures --json` printed before the loss.",
            err=True,
        )
    else:
        newest = f", the newest of {written(wanted[-1].day)}" if wanted else ""
        click.echo(
            f"The list names {len(wanted)} erasure{'' if len(wanted) == 1 else 's'}{newest}; later ones are not known here.",
            err=True,
        )


def _erased_again(done: Applied) -> None:
    if done.deleted:
        click.echo(f"Erased again: {len(done.deleted)} values.")
    for place in done.emptied:
        click.echo(f"emptied: {place}")
    if done.missing:
        click.echo(
            f"{len(done.missing)} values of the list could not be found behind the entries of this backup: "
            + ", ".join(done.missing),
            err=True,
        )


@main.command("erasures")
@as_json
def erasures_command(as_json: bool) -> None:
    """List what erasures took, by entry and column, without personal data: a restore does them again by it."""

    async def work() -> list[Listed]:
        async with database.opened(), database.as_known(None) as at:
            return await erasures.listed(at)

    found = run(work())
    if as_json:
        print_json(found)
    for one in () if as_json else found:
        click.echo(f"entry {one.sequence}, {written(one.day)}: {' '.join(one.values) or 'nothing'}")


@main.command("drill")
@as_json
def drill_command(as_json: bool) -> None:
    """Back up, restore elsewhere, verify and compare; exit 1 where anything differs. Leaves nothing behind."""
    steps = run(drill.drill())
    if as_json:
        print_json(msgspec.to_builtins(steps))
    else:
        tables_shown.steps(steps)
    if not all(step.sound for step in steps):
        raise SystemExit(1)
