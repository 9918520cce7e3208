"""The server of our own: a home that is ours alone, made where it may be made, and started whatever was left behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from registry import embedded, settings
from registry.errors import Misused
from tests.support import CliRunner, environment, main

ROOT = Path(__file__).parents[2]
ONWARD = [sys.executable, "-c", "from assessments.cli import main; main()"]


def onward(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {"ONWARD_HOME": str(home)}
    return subprocess.run([*ONWARD, *words], cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    yield folder / "home"
    embedded.stop(folder / "home")


def said(result: subprocess.CompletedProcess[str], exit_code: int) -> str:
    assert result.returncode == exit_code, result
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["assess"],
        ["journal"],
        ["doctor"],
        ["export", "register", "--out", "x.json"],
        ["erase", "x", "--why", "y"],
    ],
)
def test_a_missing_home_is_named_and_not_made(home: Path, words: list[str]) -> None:
    assert str(home) in said(onward(home, *words), 2)
    assert not home.exists()


def test_a_home_that_is_a_file_or_holds_something_else_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    assert "is not empty" in said(onward(home, "demo"), 2)
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
    assert "cannot be made" in said(onward(home / "thesis.txt", "demo"), 2)


def test_a_home_that_is_read_only_is_refused(home: Path) -> None:
    home.mkdir(mode=0o500)
    assert "read-only" in said(onward(home, "demo"), 2)
    assert not list(home.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_home_that_is_somebody_elses_is_refused(home: Path) -> None:
    home.mkdir()
    os.chown(home, 65534, 65534)
    assert "belongs to somebody else" in said(onward(home, "demo"), 2)


def test_the_private_folder_is_closed_at_each_start(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.checked_home(create=True, folder=home)
    embedded.start(home)
    assert stat.S_IMODE((home / "private").stat().st_mode) == 0o700
    (home / "private").chmod(0o755)
    settings.checked_home(create=False, folder=home)
    assert stat.S_IMODE((home / "private").stat().st_mode) == 0o700
    assert "closed again" in capsys.readouterr().err


def test_two_processes_make_one_home(home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: onward(home, "demo"), range(2)))
    assert [result.returncode for result in results] == [0, 0], results
    assert onward(home, "doctor").returncode == 0


@pytest.mark.parametrize("after", [0.3, 0.7, 1.1])
def test_a_first_start_that_was_killed_needs_no_help(home: Path, after: float) -> None:
    given = os.environ | {"ONWARD_HOME": str(home)}
    first = subprocess.Popen([*ONWARD, "demo"], cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert onward(home, "demo").returncode == 0
    assert onward(home, "doctor").returncode == 0


def test_a_socket_path_that_is_too_long_is_no_trouble(folder: Path) -> None:
    home = folder / ("a-very-long-name-" * 6) / "home"
    assert onward(home, "demo", "--until", "2018-05-25").returncode == 0
    assert onward(home, "assess", "--as-of", "2018-05-25").returncode == 0


def test_a_database_that_cannot_be_reached_or_holds_no_register_is_said_so(server: str) -> None:
    with environment(DATABASE_URL="postgresql://localhost:1/x"):
        result = CliRunner().invoke(main, ["assess"])
        assert (result.exit_code, "cannot be reached" in result.stderr) == (2, True)
    with environment(DATABASE_URL=server):
        result = CliRunner().invoke(main, ["assess"])
        assert (result.exit_code, "holds no register" in result.stderr) == (2, True)


def test_a_home_without_permission_to_create_is_misused(home: Path) -> None:
    with pytest.raises(Misused, match="no register in"):
        settings.checked_home(create=False, folder=home)


@pytest.mark.parametrize("name", ["a b", "a&b?c#d%41"])
def test_a_home_may_have_any_name(folder: Path, name: str) -> None:
    assert onward(folder / name, "demo", "--until", "2018-05-25").returncode == 0
    assert onward(folder / name, "assess", "--as-of", "2018-05-25").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root does the server run as somebody else")
def test_the_folders_above_are_not_opened_to_read(folder: Path) -> None:
    above = folder / "above"
    above.mkdir(mode=0o700)
    assert onward(above / "home", "demo", "--until", "2018-05-25").returncode == 0
    assert stat.S_IMODE(above.stat().st_mode) == 0o711


def test_a_home_of_another_postgresql_is_left_alone(home: Path) -> None:
    settings.checked_home(create=True, folder=home)
    embedded.start(home, 16)
    embedded.stop(home)
    assert "was made by PostgreSQL 16" in said(onward(home, "journal"), 1)


def test_nothing_is_written_where_there_is_no_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onward(home, "demo", "--until", "2018-05-25")
    monkeypatch.setattr(settings, "LEAST_FREE", 2**60)
    with environment(ONWARD_HOME=str(home)):
        result = CliRunner().invoke(main, ["demo"])
        assert (result.exit_code, "are free under" in result.stderr) == (1, True)
        assert CliRunner().invoke(main, ["assess"]).exit_code == 0


def test_a_server_killed_in_the_midst_is_told_in_one_line_and_the_next_command_works(home: Path) -> None:
    rows = [{"key": f"p{number}", "name": "P", "country": "DE", "since": "2020-01-01"} for number in range(20000)]
    home.parent.joinpath("big.json").write_text(json.dumps({"party": rows}))
    onward(home, "demo", "--until", "2018-05-25")
    given = os.environ | {"ONWARD_HOME": str(home)}
    words = [*ONWARD, "import", "register", str(home.parent / "big.json")]
    running = subprocess.Popen(words, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    while running.poll() is None:
        try:
            os.kill(int((home / "db" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            break
        except (FileNotFoundError, IndexError, ProcessLookupError):
            time.sleep(0.02)
    _, stderr = running.communicate(timeout=60)
    assert len(stderr.splitlines()) <= 1, stderr
    assert onward(home, "doctor").returncode == 0
    assert running.returncode in {0, 1}


def test_a_server_killed_while_it_started_leaves_nothing_to_mend(home: Path) -> None:
    """Its pid file lacks the last lines, and nobody will ever write them."""
    onward(home, "demo", "--until", "2018-05-25")
    settings.checked_home(create=False, folder=home)
    embedded.start(home)
    path = home / "db" / "postmaster.pid"
    pid, whole = int(path.read_text().split()[0]), path.read_text().splitlines()
    for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
        process.kill()
    embedded.stop(home)
    path.write_text("\n".join(whole[:7]) + "\n")
    assert onward(home, "doctor").returncode == 0
