"""A drill: the register is backed up, restored elsewhere, and looked at; nothing of it is left behind."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import msgspec

from registry import backup, database, journal, register, restore
from registry.errors import Refused
from registry.verify import verify


class Step(msgspec.Struct):
    """One step: what was done, whether it came out as it must, what was found, and how long it took in seconds."""

    what: str
    sound: bool = True
    found: str = ""
    seconds: float = 0.0


class Picture(msgspec.Struct, frozen=True):
    """What a register reads like: SHA-256 of all its rows, of its export and of its journal."""

    rows: str
    export: str
    journal: str


async def drill() -> list[Step]:
    """Does it with the register of the environment; the steps up to the first that fails.

    Raises Refused where the server lets this user make no database beside the register's.
    """
    steps: list[Step] = []
    with TemporaryDirectory(prefix="onward-") as folder:
        path = Path(folder) / "backup"
        async with database.opened(), database.as_known(None) as at:
            with _step(steps, "backup") as step:
                header, rows = await backup.write(at, path)
                step.found = f"{header.sequence} entries, {path.stat().st_size} bytes"
            with _step(steps, "read the register") as step:
                before = await _picture(rows)
        try:
            async with database.scratch():
                await _elsewhere(steps, path, before)
        except asyncpg.InsufficientPrivilegeError as error:
            raise Refused(
                "the drill needs a database of its own: let this user make one (`alter role … createdb`), "
                "or restore a backup by hand where DATABASE_URL names an empty one"
            ) from error
    return steps


async def _elsewhere(steps: list[Step], path: Path, before: Picture) -> None:
    """Restores into the scratch register that is open, verifies it and compares what it reads like."""
    with _step(steps, "restore elsewhere") as step, backup.opened(path) as (header, file):
        await restore.restore(path, header, file)
        step.found = f"{header.sequence} entries"
    async with database.as_known(None) as at:
        with _step(steps, "verify") as step:
            done = await verify(at)
            step.sound, step.found = not done.faults, "everything is as it was written"
            if done.faults:
                step.found = f"{len(done.faults)} faults, the first: {done.faults[0]}"
        with _step(steps, "read it there") as step:
            _, rows = await backup.write(at, path)
            after = await _picture(rows)
    for what in Picture.__struct_fields__:
        same = getattr(before, what) == getattr(after, what)
        steps.append(Step(f"compare {what}", same, "the same" if same else "differs"))


async def _picture(rows: str) -> Picture:
    """The export and the journal of the picture that is being read, beside the SHA-256 of its rows."""
    exported = hashlib.sha256(await register.export_register()).hexdigest()
    return Picture(rows, exported, hashlib.sha256(msgspec.json.encode(await journal.entries())).hexdigest())


@contextmanager
def _step(steps: list[Step], what: str) -> Iterator[Step]:
    step, begun = Step(what), time.monotonic()
    yield step
    step.seconds = round(time.monotonic() - begun, 3)
    steps.append(step)
