"""A disk of a few megabytes, to be filled: a tmpfs where this machine lets us mount one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MB = 2**20


class Disk:
    """A small file system at `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ballast = place / "ballast"

    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.place).free

    def fill(self, leaving: int = 0) -> None:
        """Lays ballast until no more than so many bytes are free."""
        with self.ballast.open("ab", buffering=0) as file:
            while (more := self.free() - leaving) > 0:
                try:
                    file.write(bytes(min(more, MB)))
                except OSError:
                    return

    def empty(self) -> None:
        self.ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk | str]:
    """A disk of so many megabytes in a new folder; or why there is none on this machine."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        yield f"no tmpfs can be mounted here (uid {os.geteuid()}): {' '.join(made.stderr.split())}"
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
