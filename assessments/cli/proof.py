"""Commands of the proof: verify, verdicts as recorded, checkpoint, key."""

import os
from datetime import datetime
from pathlib import Path

import msgspec
import rich_click as click

from assessments import tables_shown
from assessments.cli.door import as_json, asked_of, known_on_option, main, print_json, run, who, write_whole
from assessments.recorded import RecordedVerdict, recorded_verdicts
from registry import checkpoints, database, heads, keys, notes, settings, verify_bundle
from registry.errors import Misused
from registry.faults import Verified
from registry.verify import verify as verified


@main.command()
@click.option(
    "--checkpoint", type=click.Path(path_type=Path, dir_okay=False), help="A checkpoint from elsewhere, or an earlier visit."
)
@click.option("--key", "fingerprint", help="The fingerprint that a record of yours prints.")
@click.argument("bundle", required=False, type=click.Path(path_type=Path, exists=True))
@as_json
def verify(bundle: Path | None, checkpoint: Path | None, fingerprint: str | None, as_json: bool) -> None:
    """Replay the journal against everything that follows from it; exit 1 where anything is not as it was written.

    Of a BUNDLE: what the program in it says, and exit 1 also where nothing from elsewhere shows where it comes from.
    """
    if bundle is not None:
        if as_json:
            raise Misused("--json: a bundle is checked in words; leave it out")
        raise SystemExit(verify_bundle.told(str(bundle), fingerprint, str(checkpoint) if checkpoint else None))
    kept = _text(checkpoint) if checkpoint else None

    async def work() -> tuple[Verified, keys.Handed | None]:
        async with database.opened(), database.as_known(None) as at:
            handed = await keys.handed_over(at, fingerprint) if fingerprint else None
            done = await verified(at, kept, handed.standing if handed else fingerprint, heads.beside())
            if handed and not handed.signed:
                done.add(handed.words, table="signing_key")
                done.shown = False
            return done, handed

    done, handed = run(work())
    if as_json:
        print_json(msgspec.to_builtins(done))
    else:
        if handed and handed.signed:
            click.echo(f"{handed.words[0].upper()}{handed.words[1:]}.")
        _told(done, asked=bool(kept or fingerprint))
    if done.faults:
        raise SystemExit(1)


def _told(done: Verified, *, asked: bool) -> None:
    for fault in done.faults:
        click.echo(f"FAULT  {fault}")
    click.echo(
        f"{done.entries} entries, {done.values} values ({done.erased} erased), {done.rows} rows, "
        f"{done.checkpoints} checkpoint{'' if done.checkpoints == 1 else 's'}, {done.looked}: "
        + (_faults(done) if done.faults else "everything is as it was written.")
    )
    if done.unsigned:
        click.echo(f"{done.unsigned.removeprefix('; ').capitalize()}: `onward checkpoint` signs.")
    if not done.faults and not asked:
        click.echo("Consistent in itself; bring --checkpoint or --key from elsewhere to show that it was never made anew.")


def _faults(done: Verified) -> str:
    return f"{len(done.faults)} fault{'' if len(done.faults) == 1 else 's'}{_first(done)}."


def _first(done: Verified) -> str:
    """Where the first bad entry is, or among which ones it must be."""
    if done.first is None:
        return ""
    ranges = [fault.until for fault in done.faults if fault.until is not None and fault.entry == done.first]
    if not ranges or any(fault.entry == done.first and fault.until is None for fault in done.faults):
        return f", the first bad entry is {done.first}"
    return f", the first bad entry is somewhere among {done.first} to {min(ranges)}"


@main.command("verdicts")
@click.argument("transfer", required=False)
@known_on_option
@as_json
def verdicts(transfer: str | None, known_on: datetime | None, as_json: bool) -> None:
    """List the verdicts as they were recorded, of a TRANSFER or of all: when, what held from when, on which law."""

    async def read() -> list[RecordedVerdict]:
        async with database.opened():
            asked = await asked_of(None, known_on)
            async with database.as_known(asked.instant) as at:
                if transfer and not await at.fetchval("select exists (select from transfer where key = $1)", transfer):
                    raise Misused(
                        f"no transfer has the key {transfer!r}, as known on {asked.shown}: `onward assess` lists them"
                    )
                return await recorded_verdicts(at, [transfer] if transfer else None)

    found = run(read())
    if as_json:
        print_json(found)
    else:
        tables_shown.recorded(found)


@main.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write it to, instead of printing it.")
def checkpoint(out: Path | None) -> None:
    """Sign the journal as it stands: keep what is printed elsewhere, and verify against it later."""

    async def work() -> str:
        async with database.opened():
            if (note := await checkpoints.take()) is None:
                raise Misused(await keys.none_at_hand())
            return note

    note = run(work())
    if out is None:
        click.echo(note, nl=False)
    else:
        write_whole(out, note.encode())
        click.echo(f"Wrote the checkpoint to {out}.", err=True)


@main.group()
def key() -> None:
    """The key that signs checkpoints."""


@key.command("show")
@as_json
def show(as_json: bool) -> None:
    """Every key that signed for this register, the one that stands last: fingerprint and verifier key."""

    async def work() -> list[notes.Verifier]:
        async with database.opened(), database.as_known(None) as at:
            return await keys.stood(at)

    found = run(work())
    if as_json:
        print_json([{"fingerprint": one.fingerprint, "vkey": one.vkey} for one in found])
        return
    for one in found:
        click.echo(f"{one.fingerprint}  {one.vkey}")
    if not found:
        click.echo("No key has signed yet: `onward checkpoint` signs the journal as it stands.", err=True)


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new(file: Path) -> None:
    """Make a key in a new file, for ONWARD_KEY or for `onward key follow`."""
    keys.make(file)
    click.echo(f"Wrote a key to {file}. Keep it where the database is not, and a copy elsewhere.", err=True)


@key.command("follow")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--why", required=True, help="Kept in the journal: the year is over, the old one is lost …")
def follow(file: Path, why: str) -> None:
    """Another key stands from today on. A checkpoint is signed at once, with both where the old one is at hand."""
    before = [path for path in keys.files() if path.resolve() != file.resolve() and path.exists()]
    at_hand = os.pathsep.join(str(path) for path in (*before, file))

    async def work() -> tuple[notes.Verifier, str | None, list[notes.Verifier]]:
        async with database.opened():
            one = await keys.follow(file, who(), why)
            os.environ["ONWARD_KEY"] = at_hand  # of this process: both sign once
            note = await checkpoints.take()
            async with database.as_known(None) as at:
                return one, note, notes.signers(note or "", await keys.stood(at))

    one, note, by = run(work())
    if note:
        click.echo(note, nl=False)
    click.echo(f"{one.fingerprint} stands from today.", err=True)
    if len(by) > 1:
        click.echo(
            "The checkpoint above is signed with both keys: whoever has the old fingerprint is led to the new.", err=True
        )
    else:
        click.echo(
            "The checkpoint above is signed with the new key alone, the old one is not at hand: have the new fingerprint told "
            "to auditors another way.",
            err=True,
        )
    click.echo(f"Send it and the fingerprint to auditors. {_kept_where(file)} docs/keys.md says what comes after.", err=True)


def _kept_where(file: Path) -> str:
    """What must be set so that the new key signs from now on."""
    own = settings.database_url() is None and file.resolve().parent == (settings.home() / "private").resolve()
    return "It is found by itself." if own else f"Sign with it from now on: set ONWARD_KEY={file.absolute()}."


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{path}: cannot be read as a checkpoint; give the text that `onward checkpoint` wrote") from error
