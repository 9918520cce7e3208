"""The server of our own: a home that is ours alone, made where it may be made, and started whatever was left behind."""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import asyncpg
import psutil
import pytest
from click.testing import Result

from registry import embedded, settings, upgrade
from registry.errors import Misused, Refused
from tests.served import free_port
from tests.support import CliRunner, beside, environment, few, large, main

ROOT = Path(__file__).parents[2]
FIRST_DAY = ("demo", "--until", "2018-05-25")  # the least that makes a register of a home
ONWARD = [sys.executable, "-c", "from assessments.cli import main; main()"]


def onward(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {"ONWARD_HOME": str(home)}
    return subprocess.run([*ONWARD, *words], cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=120)


def within(home: Path, *words: str) -> Result:
    """The same in this process, where what is asked is not how a process of its own begins or ends."""
    with environment(ONWARD_HOME=str(home), DATABASE_URL=None):
        result = CliRunner().invoke(main, list(words))
    embedded.stop(home)
    return result


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clusters")


@pytest.fixture(autouse=True)
def _made_once(clusters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process an empty cluster of each version is made once, then copied; other processes make their own."""
    plainly = embedded._make

    def copied(wheel: ModuleType, fresh: Path, version: int) -> None:
        if (kept := clusters / str(version)).exists():
            shutil.rmtree(fresh, ignore_errors=True)
        else:
            plainly(wheel, fresh, version)
            fresh.rename(kept)
        subprocess.run(["cp", "-a", kept, fresh], check=True)

    monkeypatch.setattr(embedded, "_make", copied)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    yield folder / "home"
    embedded.stop(folder / "home")


def refused(result: Result, exit_code: int) -> str:
    assert result.exit_code == exit_code, result
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr


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
    assert str(home) in refused(within(home, *words), 2)
    assert not home.exists()


def test_a_home_that_is_a_file_or_holds_something_else_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    assert "is not empty" in refused(within(home, "demo"), 2)
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
    assert "cannot be made" in refused(within(home / "thesis.txt", "demo"), 2)


def test_a_home_that_is_read_only_is_refused(home: Path) -> None:
    home.mkdir(mode=0o500)
    assert "read-only" in refused(within(home, "demo"), 2)
    assert not list(home.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_home_that_is_somebody_elses_is_refused(home: Path) -> None:
    home.mkdir()
    os.chown(home, 65534, 65534)
    assert "belongs to somebody else" in refused(within(home, "demo"), 2)


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
        results = list(pool.map(lambda _: onward(home, *FIRST_DAY), range(2)))
    assert [result.returncode for result in results] == [0, 0], results
    assert within(home, "doctor").exit_code == 0


@pytest.mark.parametrize("after", few(0.7, 0.3, 1.1))
def test_a_first_start_that_was_killed_needs_no_help(home: Path, after: float) -> None:
    given = os.environ | {"ONWARD_HOME": str(home)}
    first = subprocess.Popen([*ONWARD, *FIRST_DAY], cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert onward(home, *FIRST_DAY).returncode == 0
    assert within(home, "doctor").exit_code == 0


def test_a_socket_path_that_is_too_long_is_no_trouble(folder: Path) -> None:
    home = folder / ("a-very-long-name-" * 6) / "home"
    assert within(home, *FIRST_DAY).exit_code == 0
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


@pytest.mark.parametrize("name", ["a b&c?d#e%41"])
def test_a_home_may_have_any_name(folder: Path, name: str) -> None:
    assert within(folder / name, *FIRST_DAY).exit_code == 0
    assert onward(folder / name, "assess", "--as-of", "2018-05-25").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root does the server run as somebody else")
def test_the_folders_above_are_not_opened_to_read(folder: Path) -> None:
    above = folder / "above"
    above.mkdir(mode=0o700)
    assert within(above / "home", *FIRST_DAY).exit_code == 0
    assert stat.S_IMODE(above.stat().st_mode) == 0o711


@pytest.fixture(scope="module")
def made_by_16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small register as an Onward with PostgreSQL 16 left it, and the register's export."""
    home = settings.checked_home(create=True, folder=tmp_path_factory.mktemp("made-by-16") / "home")
    with environment(DATABASE_URL=embedded.start(home, 16)):
        for words in (["demo", "--until", "2018-09-03"], ["export", "register", "--out", str(home.parent / "register.json")]):
            assert CliRunner().invoke(main, words).exit_code == 0
    embedded.stop(home)
    return home


@pytest.fixture
def old_home(made_by_16: Path, home: Path) -> Path:
    subprocess.run(["cp", "-a", made_by_16, home], check=True)
    return home


def whole(made_by_16: Path, home: Path) -> bool:
    """Whether the home is one of PostgreSQL 18 with the same register, and nothing of the upgrade is left."""
    exported = home.parent / "register.json"
    result = within(home, "export", "register", "--out", str(exported))
    assert result.exit_code == 0, result
    assert within(home, "doctor").exit_code == 0
    assert {path.name for path in home.iterdir()} == {"db", "private"}
    assert "log_error_verbosity = terse" in (home / "db" / "postgresql.conf").read_text()
    assert (home / "db" / "PG_VERSION").read_text() == "18\n"
    return exported.read_bytes() == (made_by_16.parent / "register.json").read_bytes()


def untouched(made_by_16: Path, home: Path) -> bool:
    """Whether it is the home of PostgreSQL 16 that it was."""
    assert {path.name for path in home.iterdir()} == {"db", "private"}
    exported = home.parent / "register.json"
    with environment(DATABASE_URL=embedded.start(home, 16)):
        assert CliRunner().invoke(main, ["export", "register", "--out", str(exported)]).exit_code == 0
    return exported.read_bytes() == (made_by_16.parent / "register.json").read_bytes()


def test_a_home_of_an_older_postgresql_is_upgraded_at_its_start(made_by_16: Path, old_home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: onward(old_home, "journal", "--json"), range(2)))
    assert [result.returncode for result in results] == [0, 0], results
    assert results[0].stdout == results[1].stdout
    said = "".join(result.stderr for result in results)
    assert re.fullmatch(
        rf"onward: {old_home / 'db'} was upgraded to PostgreSQL 18; a backup from before is (\S+): "
        "it holds personal data, delete it when all is well\n",
        said,
    )
    assert whole(made_by_16, old_home)
    (backup,) = upgrade.backups(old_home)
    assert str(backup) in said
    assert backup.stat().st_mode & 0o777 == 0o600
    again = old_home.parent / "again.json"
    with environment(DATABASE_URL=restored(backup, old_home)):
        assert CliRunner().invoke(main, ["export", "register", "--out", str(again)]).exit_code == 0
    embedded.stop(old_home)
    assert again.read_bytes() == (made_by_16.parent / "register.json").read_bytes()


def restored(backup: Path, home: Path) -> str:
    """The backup from before an upgrade in a database of its own beside the register's; its address."""
    url = beside(embedded.start(home), "again")
    asyncio.run(_made(embedded.start(home), "again"))
    subprocess.run([embedded.programs() / "pg_restore", "--exit-on-error", "-d", url, backup], check=True)
    return url


async def _made(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"create database {name}")
    await connection.close()


@large
@pytest.mark.parametrize("after", [2.0, 0.9, 3.1])
def test_an_upgrade_that_was_killed_needs_no_help(made_by_16: Path, old_home: Path, after: float) -> None:
    given = os.environ | {"ONWARD_HOME": str(old_home)}
    first = subprocess.Popen([*ONWARD, "journal"], cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    first.kill()
    first.wait()
    assert whole(made_by_16, old_home)


@large
def test_an_upgrade_killed_between_its_two_renames_begins_anew(made_by_16: Path, old_home: Path) -> None:
    (old_home / "db").rename(old_home / "db.pg16-20261123T100000Z")
    (old_home / "db.new").mkdir()
    assert whole(made_by_16, old_home)


@large
def test_the_old_cluster_goes_when_the_new_one_has_started(made_by_16: Path, old_home: Path) -> None:
    onward(old_home, "journal")
    subprocess.run(["cp", "-a", made_by_16 / "db", old_home / "db.pg16-20261123T100000Z"], check=True)
    assert whole(made_by_16, old_home)


@pytest.mark.parametrize("fails", few("pg_upgrade", "initdb", "psql", "held"))
def test_an_upgrade_that_fails_leaves_the_old_one_as_it_was(
    made_by_16: Path, old_home: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    if fails == "initdb":
        monkeypatch.setattr(embedded, "_make", refuse)
    elif fails == "held":
        plainly = upgrade.Cluster.held
        monkeypatch.setattr(upgrade.Cluster, "held", lambda self, backup=None: plainly(self, backup) + str(self.data))
    else:
        plain = upgrade.Cluster.run
        monkeypatch.setattr(
            upgrade.Cluster,
            "run",
            lambda self, program, *words, **given: plain(self, program, *(["--no"] if program == fails else words), **given),
        )
    with pytest.raises(Refused, match=r"made by PostgreSQL 16 and could not be upgraded to 18; it is as it was \(.+\)$"):
        embedded.start(old_home)
    assert untouched(made_by_16, old_home)


@large
def test_where_the_new_one_does_not_start_in_its_place_the_old_one_takes_it_again(
    made_by_16: Path, old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(embedded, "_answers", lambda path: False)
        patch.setattr(embedded, "TRIES", 2)
        with pytest.raises(Refused, match="the old cluster is in its place again"):
            embedded.start(old_home)
    assert untouched(made_by_16, old_home)


@large
def test_a_home_in_use_is_not_upgraded(made_by_16: Path, old_home: Path) -> None:
    embedded.start(old_home, 16)
    assert f"process {os.getpid()} works with it" in said(onward(old_home, "journal"), 1)
    embedded.stop(old_home)
    assert whole(made_by_16, old_home)


def test_a_home_of_a_newer_postgresql_is_refused(home: Path) -> None:
    settings.checked_home(create=True, folder=home)
    embedded.start(home)
    embedded.stop(home)
    with pytest.raises(Refused, match="made by PostgreSQL 18, newer than the 16 of this Onward: use a newer Onward"):
        embedded.start(home, 16)


def test_nothing_is_written_where_there_is_no_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    within(home, *FIRST_DAY)
    monkeypatch.setattr(settings, "LEAST_FREE", 2**60)
    with environment(ONWARD_HOME=str(home)):
        result = CliRunner().invoke(main, ["demo"])
        assert (result.exit_code, "are free under" in result.stderr) == (1, True)
        monkeypatch.undo()
        read = CliRunner().invoke(main, ["assess"])
        assert read.exit_code == 0, read.output


def test_a_server_killed_in_the_midst_is_told_in_one_line_and_the_next_command_works(home: Path) -> None:
    rows = [{"key": f"p{number}", "name": "P", "country": "DE", "since": "2020-01-01"} for number in range(20000)]
    home.parent.joinpath("big.json").write_text(json.dumps({"party": rows}))
    within(home, *FIRST_DAY)
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
    assert within(home, "doctor").exit_code == 0
    assert running.returncode in {0, 1}


def test_a_server_whose_socket_was_removed_starts_anew(home: Path) -> None:
    settings.checked_home(create=True, folder=home)
    embedded.start(home)
    before, _, _, port, folder, *_ = (home / "db" / "postmaster.pid").read_text().splitlines()
    (Path(folder) / f".s.PGSQL.{port}").unlink()
    assert onward(home, *FIRST_DAY).returncode == 0
    assert not psutil.pid_exists(int(before))


def test_a_server_that_takes_connections_and_answers_none_does_not_run(home: Path) -> None:
    """As one that was killed, for a moment: its socket is still there."""
    settings.checked_home(create=True, folder=home)
    embedded.start(home)
    postmaster = psutil.Process(int((home / "db" / "postmaster.pid").read_text().split()[0]))
    assert embedded.running(home)
    postmaster.suspend()
    try:
        assert not embedded.running(home)
    finally:
        postmaster.resume()
    assert embedded.running(home)
    embedded.stop(home)


@large
def test_a_server_killed_while_it_started_leaves_nothing_to_mend(home: Path) -> None:
    """Its pid file lacks the last lines, and nobody will ever write them."""
    within(home, *FIRST_DAY)
    settings.checked_home(create=False, folder=home)
    embedded.start(home)
    path = home / "db" / "postmaster.pid"
    pid, whole = int(path.read_text().split()[0]), path.read_text().splitlines()
    for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
        process.kill()
    embedded.stop(home)
    path.write_text("\n".join(whole[:7]) + "\n")
    assert onward(home, "doctor").returncode == 0


def test_a_server_that_is_told_to_end_leaves_nothing_running(home: Path) -> None:
    within(home, *FIRST_DAY)
    given = os.environ | {"ONWARD_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    words = [*ONWARD, "serve", "--port", str(free_port())]
    running = subprocess.Popen(words, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert any(line.startswith("Onward is at") for line in running.stdout)
    postmaster = int((home / "db" / "postmaster.pid").read_text().split()[0])
    running.terminate()
    _, complaints = running.communicate(timeout=60)
    assert (running.returncode, complaints) == (0, "")
    assert not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE
    assert "shut down" in (home / "db" / "log").read_text().splitlines()[-1]


def test_a_process_that_leaves_and_joins_again_is_counted_among_those_that_use_the_server(home: Path) -> None:
    """Another process has joined too: whichever leaves last stops the server, and no other."""
    embedded.start(home)
    listed = home / "db" / ".handle_pids.json"
    with subprocess.Popen(["sleep", "60"]) as other:
        listed.write_text(json.dumps([*json.loads(listed.read_text()), other.pid]))
        embedded.stop(home)
        assert json.loads(listed.read_text()) == [other.pid]
        embedded.start(home)
        assert sorted(json.loads(listed.read_text())) == sorted([other.pid, os.getpid()])
        other.kill()
    embedded.stop(home)
