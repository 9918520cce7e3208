"""A full disk: no half file, one line with the way out, and a server that went down comes up again by itself."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from assessments.schedule import keep_up
from registry import database, embedded, settings, whole
from registry.errors import Refused
from tests.proofs.disk import small_disk
from tests.support import environment

LIMITED = """
import pathlib, resource, sys
from registry import whole
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with whole.written(pathlib.Path(sys.argv[1]), "the file") as file:
    file.write(bytes(200_000))
"""


def test_a_file_that_does_not_fit_is_not_there_at_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(folder / "disk", 1) as disk:
        if isinstance(disk, str):
            with capsys.disabled():
                print(f"\nnot run: a file into a full disk: {disk}; a limit on the length of files stands in for it")
            return
        kept = disk.place / "kept"
        kept.write_bytes(b"before")
        with pytest.raises(Refused, match=r"kept: the file cannot be written: the disk is full: make room, or name a place"):
            with whole.written(kept, "the file") as file:
                file.write(bytes(2 * 2**20))
        assert [(path.name, path.read_bytes()) for path in disk.place.iterdir()] == [("kept", b"before")]


def test_a_file_that_grows_too_long_is_not_there_at_all(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder / "new")], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert "Refused" in done.stderr, done.stderr
    assert "nothing was left there" in done.stderr
    assert not list(folder.iterdir())


def test_what_a_full_disk_means_is_told_with_the_way_out(folder: Path) -> None:
    with environment(ONWARD_HOME=str(folder)):
        assert f"the disk under {folder} (ONWARD_HOME) is full" in database.told(asyncpg.DiskFullError("could not extend"))
        assert "onward doctor" in database.told(asyncpg.InterfaceError("closed"))
    with environment(DATABASE_URL="postgresql://elsewhere/x"):
        assert "the disk of the database's server is full" in database.told(asyncpg.DiskFullError("could not extend"))


def test_a_server_that_went_down_comes_up_again_without_help(folder: Path) -> None:
    home = settings.checked_home(create=True, folder=folder / "home")
    embedded.start(home)
    try:
        assert embedded.running(home)
        os.kill(int((home / "db" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        while embedded.running(home):
            pass
        with environment(ONWARD_HOME=str(home)):
            asyncio.run(keep_up())
        assert embedded.running(home)
    finally:
        embedded.stop(home)
