"""What the environment decides, read when it is asked for, and the checks on ONWARD_HOME."""

import os
import shutil
import stat
import sys
from datetime import timedelta
from pathlib import Path

from registry.errors import Misused, Refused

MARKER = "db"
LONGEST_HOURS = 8760  # a year
LEAST_FREE = 64 * 2**20  # bytes


def database_url() -> str | None:
    return os.environ.get("DATABASE_URL") or None


def behind_pooler() -> bool:
    """ONWARD_POOLER=1: a pooler hands out connections, so no prepared statement may be kept."""
    return os.environ.get("ONWARD_POOLER", "") not in {"", "0"}


def own_law() -> Path | None:
    """ONWARD_LAW: a folder with the operator's own instruments."""
    folder = os.environ.get("ONWARD_LAW")
    return Path(folder) if folder else None


def url() -> str | None:
    """ONWARD_URL: the only source of links, and the only Host that is answered."""
    return os.environ.get("ONWARD_URL", "").rstrip("/") or None


def https() -> bool:
    """Whether pages are served by https: then cookies are for it alone."""
    return (url() or "").startswith("https://")


def home() -> Path:
    return Path(os.environ.get("ONWARD_HOME") or "onward-data").expanduser().absolute()


def room_to_write() -> None:
    """Raises Refused below 64 MB free under our own PostgreSQL: a full log would shut it down."""
    if no_room():
        raise Refused(
            f"less than {LEAST_FREE // 2**20} MB are free under {home()} (ONWARD_HOME): nothing is written; make room"
        )


def no_room(folder: Path | None = None) -> bool:
    """Whether less than 64 MB are free under our own PostgreSQL, or under that folder."""
    if folder is None and database_url() is not None:
        return False
    folder = folder or home()
    return folder.exists() and shutil.disk_usage(folder).free < LEAST_FREE


def clusters_kept(folder: Path) -> list[Path]:
    """The clusters of an older PostgreSQL that an upgrade under way keeps beside the new one."""
    return sorted(folder.glob(f"{MARKER}.pg[0-9][0-9]-*T*Z"))


def checked_home(*, create: bool, folder: Path | None = None) -> Path:
    """ONWARD_HOME (or another folder), made where allowed, ours alone where it matters.

    Raises Misused, naming the folder, when it is missing, no folder, read-only, somebody else's, or in use for
    something else.
    """
    folder = folder or home()
    try:
        stands = (folder / MARKER / "PG_VERSION").exists() or clusters_kept(folder)
    except OSError as error:
        raise Misused(f"{folder} (ONWARD_HOME) cannot be looked at: {error.strerror}; name another folder") from error
    if not stands:
        if not create:
            raise Misused(f"no register in {folder} (ONWARD_HOME): make one with `onward demo` or `onward import register`")
        if folder.is_dir() and any(child.name not in {"private", f"{MARKER}.new"} for child in folder.iterdir()):
            raise Misused(f"{folder} (ONWARD_HOME) is not empty and holds no register: name an empty or a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misused(f"{folder} (ONWARD_HOME) cannot be made: {error.strerror}; name another folder") from error
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise Misused(f"{folder} (ONWARD_HOME) belongs to somebody else (uid {status.st_uid}): run as its owner")
    if not status.st_mode & stat.S_IWUSR or not os.access(folder, os.W_OK | os.X_OK):
        raise Misused(f"{folder} (ONWARD_HOME) is read-only: allow its owner to write, or name another folder")
    _keep_private(folder / "private")
    return folder


def _keep_private(folder: Path) -> None:
    """Holds the signing key: 0700, whatever happened to it or to the folders above."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Misused(f"{folder} cannot be made: {error.strerror}; move away what is there") from error
    if stat.S_IMODE(folder.stat().st_mode) != 0o700:
        print(f"onward: {folder} was open to others; closed again (0700)", file=sys.stderr)
        folder.chmod(0o700)


def checkpoint_every() -> timedelta | None:
    """ONWARD_CHECKPOINT_HOURS: once in so many hours `onward serve` signs the journal (24); None with 0: never.

    Raises Misused for what is no number of hours from 0 to 8760.
    """
    text = os.environ.get("ONWARD_CHECKPOINT_HOURS", "") or "24"
    try:
        hours = float(text)
    except ValueError:
        hours = -1
    if not 0 <= hours <= LONGEST_HOURS:
        raise Misused(f"ONWARD_CHECKPOINT_HOURS: {text[:40]!r}: give a number of hours up to {LONGEST_HOURS}; 0 is never")
    return timedelta(hours=hours) if hours else None


def smtp() -> str | None:
    """ONWARD_SMTP: the server by which mail goes out, smtp://user:pass@host:port or smtps://…"""
    return os.environ.get("ONWARD_SMTP") or None


def mail_said() -> str:
    """Whether mail goes out, in a line."""
    return "Mail goes out by ONWARD_SMTP." if smtp() else "Mail is not sent: ONWARD_SMTP is not set."


def mail_from() -> str:
    """ONWARD_MAIL_FROM: from whom mail comes."""
    return os.environ.get("ONWARD_MAIL_FROM", "") or "onward@localhost"


def proxies() -> str | None:
    """ONWARD_PROXIES: the addresses, parted by commas, of those proxies whose word for where a visitor stands is taken."""
    return os.environ.get("ONWARD_PROXIES") or None
