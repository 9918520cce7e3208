"""Brings the cluster of a home to the PostgreSQL that this Onward carries, with the wheel's own `pg_upgrade`.

All of it happens beside its place, in `db.new`, which takes the place of `db` by two renames once it holds the same
register. The old cluster waits as `db.pg16-<instant>` until the new one has started there. Whatever is killed in between,
the next start finds the old cluster in its place or puts it back, and begins anew. The caller holds the home's lock.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from registry import whole
from registry.errors import Refused
from registry.settings import clusters_kept

DONE = "db.old"  # a cluster that is no longer needed, and may be gone in part
HELD = r"""select case when to_regclass('public.journal_head') is null then 'select 0' else
'select sequence, extract(epoch from at), (select count(*) from public.journal_entry) from public.journal_head' end \gexec
"""


class Cluster:
    """A folder of PostgreSQL's, the programs of its version, and the user that they run as."""

    def __init__(self, data: Path, programs: Path, user: str | None, work: Path) -> None:
        self.data, self.programs, self.user, self.work = data, programs, user, work

    def run(self, program: str, *words: str, given: str = "") -> str:
        """Runs a program in the working folder. Raises Refused with its last line where it fails."""
        free = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as asked:  # a server would keep a pipe open
            asked.write(given)
            asked.seek(0)
            line = [str(self.programs / program), *words]
            done = subprocess.run(
                line, cwd=self.work, env=free, user=self.user, stdin=asked, stdout=said, stderr=said, check=False
            )
            said.seek(0)
            output = said.read().strip()
        if done.returncode:
            raise Refused(f"{program}: {' '.join(output.split())[-200:] or done.returncode}")
        return output

    def held(self, backup: Path | None = None) -> str:
        """What the register holds: sequence and time of the journal's head, and how many entries there are.

        With `backup` all of the database is written into that file too, as `pg_restore` reads it.
        """
        listening, log = f"-h '' -k {shlex.quote(str(self.work))}", self.data / "log"
        try:
            self.run("pg_ctl", "-w", "-t", "600", "-D", str(self.data), "-l", str(log), "-o", listening, "start")
        except Refused as error:
            raise Refused(f"{error} {log.read_text().strip().rpartition(chr(10))[2]}") from error
        try:
            if backup is not None:
                self.run("pg_dump", "-h", str(self.work), "-U", "postgres", "-d", "postgres", "-Fc", "-f", str(backup))
            return self.run("psql", "-h", str(self.work), "-U", "postgres", "-d", "postgres", "-AtX", given=HELD)
        finally:
            self.run("pg_ctl", "-w", "-t", "600", "-D", str(self.data), "-m", "fast", "stop")


def upgrade(before: Cluster, after: Cluster, make: Callable[[], object], version: int) -> None:
    """Puts a cluster of the new version with the same register in the place of the old one.

    `make` makes the empty one at `after.data`. Raises Refused, and leaves the old cluster as it was, where that fails.
    """
    backup: Path | None = None
    home, found = before.data.parent, (before.data / "PG_VERSION").read_text().strip()
    try:
        _refuse_in_use(before.data)
        _stop_what_runs(before.data, after.data)
        held = before.held(before.work / "backup")
        backup = _kept(before.work / "backup", home / "private" / f"before-postgresql-{version}-{_instant()}.dump")
        make()
        after.run("pg_checksums", "-D", str(after.data), "--disable")  # the old one has none: both must be alike
        folders = ["-b", str(before.programs), "-B", str(after.programs), "-d", str(before.data), "-D", str(after.data)]
        after.run("pg_upgrade", "-U", "postgres", *folders)
        after.run("pg_checksums", "-D", str(after.data), "--enable")
        if (now := after.held()) != held:
            raise Refused(f"the new cluster holds {now or 'nothing'}, the old one {held}")
    except (Refused, OSError, psutil.Error, subprocess.SubprocessError) as error:
        shutil.rmtree(after.data, ignore_errors=True)
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise Refused(
            f"{before.data} was made by PostgreSQL {found} and could not be upgraded to {version}; it is as it was ({error})"
        ) from error
    before.data.rename(home / f"db.pg{found}-{_instant()}")
    after.data.rename(before.data)


def _instant() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _kept(backup: Path, place: Path) -> Path:
    """Moves a backup to its place, whole, for its owner alone; those of earlier tries go."""
    for earlier in backups(place.parent.parent):
        earlier.unlink()
    with whole.written(place, "the backup before the upgrade") as file, backup.open("rb") as content:
        shutil.copyfileobj(content, file)
    backup.unlink()
    return place


def backups(home: Path) -> list[Path]:
    """What upgrades have left beside the keys: the register as it was before, with all its personal data."""
    return sorted((home / "private").glob("before-postgresql-*.dump"))


def put_back(home: Path) -> None:
    """After an upgrade that was killed between its two renames: the old cluster takes its place again."""
    kept = clusters_kept(home)
    if kept and not (home / "db").exists():
        kept[-1].rename(home / "db")
    shutil.rmtree(home / DONE, ignore_errors=True)


def finish(home: Path) -> bool:
    """The new cluster has started in its place: the old one may go. Returns whether there was one."""
    kept = clusters_kept(home)
    for folder in kept:
        folder.rename(home / DONE)  # from here on it is never put back: it may be gone in part
        shutil.rmtree(home / DONE, ignore_errors=True)
    return bool(kept)


def undo(home: Path) -> bool:
    """The new cluster does not start in its place, and nobody has written to it: the old one takes it again."""
    kept = clusters_kept(home)
    if kept:
        _stop_what_runs(home / "db")
        shutil.rmtree(home / DONE, ignore_errors=True)
        (home / "db").rename(home / DONE)
        put_back(home)
    return bool(kept)


def _refuse_in_use(data: Path) -> None:
    """Raises Refused where another process still works with the server."""
    users = data / ".handle_pids.json"
    for pid in json.loads(users.read_text()) if users.exists() and _running(data) else []:
        if psutil.pid_exists(pid):
            raise Refused(f"process {pid} works with it: end that first")


def _running(*folders: Path) -> list[psutil.Process]:
    """The programs of PostgreSQL, of whatever version, that work on the folders."""
    names = {str(folder) for folder in folders}
    return [
        one
        for one in psutil.process_iter(["name", "cmdline"])
        if re.match("postgres|pg_|initdb", one.info["name"] or "") and names & {*(one.info["cmdline"] or [])}
    ]


def _stop_what_runs(*folders: Path) -> None:
    """Ends what a killed upgrade or application left running."""
    running = _running(*folders)
    for one in running:
        with suppress(psutil.NoSuchProcess):
            if one.info["name"].startswith("postgres"):
                one.send_signal(signal.SIGINT)  # a fast shutdown
            else:
                for child in [*one.children(recursive=True), one]:
                    child.kill()
    for one in psutil.wait_procs(running, timeout=60)[1]:
        one.kill()
