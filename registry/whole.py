"""Files that are written whole or not at all: beside their place first, on the disk, and then in their place by one rename."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from registry.errors import Misused, Refused


@contextmanager
def written(path: Path, what: str) -> Iterator[IO[bytes]]:
    """A file beside its place, for its owner alone, which takes the place once all of it is on the disk.

    What stood there before keeps its rights. Raises Misused for what is no plain file; Refused, naming the place and leaving
    what was there, where `what` cannot be written.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise Misused(f"{path}: is no plain file, and {what} is written whole or not at all: name a file")
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                Path(name).chmod(path.stat().st_mode & 0o777)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Refused(f"{path}: {what} cannot be written: {said(error)}; nothing was left there") from error


def said(error: OSError) -> str:
    """What went wrong, with the way out where the disk is full."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full: make room, or name a place elsewhere"
    return error.strerror or str(error)
