"""A backup is whole or none, what is restored is the same register, and who was erased since does not come back."""

import asyncio
import gzip
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.conf.apps import Finder

from registry import backup, database, embedded, journal, restore, schema, settings
from registry.tables import Party
from tests.registry.test_people import ADA, dumped, with_ada
from tests.support import (
    CliRunner,
    Register,
    Server,
    a_register,
    drop_database,
    environment,
    few,
    large,
    like,
    main,
    new_database,
    signing,
    unkept,
)

ROOT = Path(__file__).parents[2]
ONWARD = [sys.executable, "-c", "from assessments.cli import main; main()"]
PASSWORD = "correct horse battery"


@pytest.fixture
def key(folder: Path) -> Iterator[Path]:
    with signing(folder) as path:
        yield path


@pytest.fixture
def empty(server: str) -> Iterator[Register]:
    """A database in which there is nothing at all."""
    name = f"t_{os.urandom(6).hex()}"
    yield Register(new_database(server, name, "template1"))
    drop_database(server, name)


@pytest.fixture
def lived(server: str, folder: Path, key: Path) -> Iterator[Register]:
    """A register with a history: facts, a document, edits, an erasure, a person who signs in, looks and a checkpoint."""
    with like(server, "lived", lambda register: _live(register, folder)) as register:
        yield register


def _live(register: Register, folder: Path) -> None:
    document = {"key": "d", "sha256": "", "media_type": "text/plain", "size": 5, "content": "aGVsbG8=", "since": "2020-01-01"}
    document |= {
        "title": "Back\\slash\tand\nlines",
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    }
    register.load(with_ada(document=[document]), folder)
    register.load({"contact": [{"key": "c-1", "phone": "+1 555 0111", "entry": {"kind": "corrected", "why": "x"}}]}, folder)
    person = register.onward(
        "user", "add", "--name", "Grace", "--email", "g@house.example", "--role", "dpo", "--password-stdin", stdin=PASSWORD
    ).strip()
    gone = register.onward("user", "add", "--name", "Gone Goose", "--role", "dpo", "--password-stdin", stdin=PASSWORD).strip()
    register.onward("erase", gone, "--why", "left")
    register.ask("insert into look (at, person, what, of) values (now() - interval '2 days', $1, 'opened', '/')", person)
    register.onward("checkpoint")


def backed_up(register: Register, path: Path) -> Path:
    register.onward("backup", str(path))
    return path


def everything(register: Register) -> dict[str, list[Any]]:
    """Every row of every table that a backup holds."""
    return {
        schema.name(table): [tuple(row) for row in register.ask(f'select * from "{schema.name(table)}" order by 1')]
        for table in backup.tables()
    }


def test_a_table_is_in_a_backup_or_left_out_for_a_reason() -> None:
    every = {schema.name(table) for table in Finder().get_table_classes()}
    held = {schema.name(table) for table in backup.tables()}
    assert held | backup.LEFT_OUT == every
    assert not held & backup.LEFT_OUT
    assert held >= {*schema.by_name(), "journal_entry", "journal_value", "journal_head", "checkpoint", "look", "credential"}


def test_what_is_restored_is_the_same_register(lived: Register, empty: Register, folder: Path) -> None:
    path = backed_up(lived, folder / "b")
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(folder.glob(".b.*")), "nothing is left beside it"
    assert b"PRIVATE" not in path.read_bytes()
    empty.onward("restore", str(path))
    assert everything(empty) == everything(lived)
    assert empty.onward("export", "register", "--out", "/dev/stdout") == lived.onward(
        "export", "register", "--out", "/dev/stdout"
    )
    assert "everything is as it was written" in empty.onward("verify")
    assert empty.onward("doctor")
    empty.load({"vendor": [{"key": "second", "party": "house", "category": "payment", "since": "2021-01-01"}]}, folder)
    empty.onward("checkpoint")
    assert "everything is as it was written" in empty.onward("verify")


def test_a_register_without_a_history_or_a_key_is_restored_too(register: Register, empty: Register, folder: Path) -> None:
    register.do(lambda: asyncio.sleep(0))
    empty.onward("restore", str(backed_up(register, folder / "b")))
    assert everything(empty) == everything(register)


def test_guards_stand_after_a_restore(lived: Register, empty: Register, folder: Path) -> None:
    empty.onward("restore", str(backed_up(lived, folder / "b")))
    for statement in (
        "update journal_entry set who = 'x'",
        "delete from party",
        "update vendor set note = 'x'",
        "delete from look",
    ):
        with pytest.raises(asyncpg.PostgresError):
            empty.ask(statement)


def test_nothing_is_restored_over_a_register_or_into_somebody_elses_database(
    lived: Register, another: Register, empty: Register, folder: Path
) -> None:
    path = str(backed_up(lived, folder / "b"))
    before = everything(lived)
    said = lived.onward("restore", path, exit_code=2)
    assert "there is a register already" in said
    assert "ONWARD_HOME" in said
    assert everything(lived) == before
    empty.ask("create table thesis (text text)")
    assert "it holds thesis" in empty.onward("restore", path, exit_code=2)
    empty.ask("drop table thesis")
    another.onward("restore", path)
    assert everything(another) == before, "tables in which nothing was ever written are no register"


@pytest.mark.parametrize("where", ["cut", "a byte less", "a flipped bit", "the header", "the sum", "nothing", "another file"])
def test_a_backup_that_is_not_whole_is_refused_in_one_line(
    lived: Register, empty: Register, folder: Path, where: str, chance: random.Random
) -> None:
    path = backed_up(lived, folder / "b")
    whole = path.read_bytes()
    lines = [len(line) for line in whole.splitlines(keepends=True)[:3]]
    body = sum(lines)
    places = {"a flipped bit": (body, len(whole)), "the header": (sum(lines[:2]), body), "the sum": (lines[0], sum(lines[:2]))}
    for _ in range(8):
        broken = bytearray(whole)
        if where in places:
            broken[chance.randrange(*places[where])] ^= 1 << chance.randrange(8)
        elif where == "cut":
            del broken[chance.randrange(1, len(whole)) :]
        else:
            broken = {"a byte less": broken[:-1], "nothing": bytearray(), "another file": bytearray(b"%PDF-1.7\n")}[where]
        path.write_bytes(broken)
        said = empty.onward("restore", str(path), exit_code=1)
        assert len(said.strip().splitlines()) == 1
        assert str(path) in said
    assert not empty.ask("select 1 from pg_tables where schemaname = 'public'"), "nothing was made"
    path.write_bytes(whole)
    empty.onward("restore", str(path))


def forged(path: Path, header: dict[str, Any] | None = None, content: bytes | None = None) -> None:
    """The backup with another header or content, and the sum that fits."""
    first, _, said, packed = path.read_bytes().split(b"\n", 3)
    said = json.dumps(json.loads(said) | (header or {})).encode()
    rest = said + b"\n" + (packed if content is None else content)
    path.write_bytes(first + b"\nsha256 " + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


@pytest.mark.parametrize(
    "what", ["no gzip", "cut", "no end", "table", "column", "row", "twice", "orphan", "sequence", "header"]
)
def test_what_fits_its_sum_and_is_no_register_is_refused_all_the_same(
    lived: Register, empty: Register, folder: Path, what: str
) -> None:
    """The sum tells damage, not intent: whoever can write the file can write the sum."""
    path = backed_up(lived, folder / "b")
    packed = path.read_bytes().split(b"\n", 3)[3]
    text = gzip.decompress(packed)
    look = b'{"table":"look"'
    party = text.index(b"\n", text.index(b'{"table":"party"')) + 1
    row = text[party : text.index(b"\n", party) + 1]
    altered = {
        "no gzip": b"junk",
        "cut": packed[: len(packed) // 2],
        "no end": gzip.compress(text[:-3]),
        "table": gzip.compress(text.replace(look, b'{"table":"pg_class"')),
        "column": gzip.compress(text.replace(b'"password_hash"', b'"passwords"')),
        "row": gzip.compress(text.replace(row, b"nonsense\n", 1)),
        "twice": gzip.compress(text[:party] + row + text[party:]),
        "orphan": gzip.compress(text[:party] + text[text.index(b"\\.\n", party) :]),
    }
    forged(path, {"sequence": {"sequence": 1}, "header": {"made": "once"}}.get(what), altered.get(what))
    said = empty.onward("restore", str(path), exit_code=1)
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said
    assert not empty.ask("select 1 from pg_tables where schemaname = 'public'"), "nothing was made"


def test_a_file_that_is_not_there_or_of_another_version_is_told(lived: Register, empty: Register, folder: Path) -> None:
    assert "cannot be read" in empty.onward("restore", str(folder / "none"), exit_code=2)
    path = backed_up(lived, folder / "b")
    path.write_bytes(path.read_bytes().replace(b"onward backup 1\n", b"onward backup 2\n", 1))
    assert "format 2, this Onward reads format 1" in empty.onward("restore", str(path), exit_code=1)
    path = backed_up(lived, folder / "b")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrations", lambda: ["none"])
        assert "newer Onward" in empty.onward("restore", str(path), exit_code=1)


def test_a_backup_that_cannot_be_written_leaves_the_one_before(lived: Register, folder: Path) -> None:
    path = backed_up(lived, folder / "b")
    before = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "the disk is full: make room" in lived.onward("backup", str(path), exit_code=1)
    assert path.read_bytes() == before
    assert not list(folder.glob(".b.*"))
    assert "cannot be written" in lived.onward("backup", str(folder / "none" / "b"), exit_code=1)
    os.mkfifo(folder / "pipe")
    assert "is no plain file" in lived.onward("backup", str(folder / "pipe"), exit_code=2)


def test_a_disk_that_fills_up_amid_a_table_holds_nobody_up(lived: Register) -> None:
    """The server may have sent all it has by then; the first complaint is told, and the connection serves on."""
    written: list[bytes] = []

    class Filling:
        def write(self, line: bytes) -> int:
            written.append(line)
            if len(written) > 1:  # the line before the rows still fits
                raise OSError(28, "No space left on device")
            return len(line)

    async def begun() -> Any:
        async with database.as_known(None) as at:
            with pytest.raises(OSError, match="No space"):
                await backup._copy(at, Party, Filling())  # type: ignore[arg-type]
            return await at.fetchval("select 7")

    assert lived.do(lambda: asyncio.wait_for(begun(), 20)) == 7
    assert len(written) == 2


def test_a_backup_while_eight_write_is_one_picture(register: Register, empty: Register, folder: Path, server: str) -> None:
    register.load(a_register(), folder)
    stop = time.monotonic() + 4
    command = [sys.executable, "-m", "tests.proofs.writer"]
    given = os.environ | {"DATABASE_URL": register.url}
    writers = [
        subprocess.Popen([*command, f"w{number}"], cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for number in range(8)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline(), "each of the eight writes"
        taken = []
        while time.monotonic() < stop or len(taken) < 2:
            before = register.ask("select sequence from journal_head")[0][0]
            path = backed_up(register, folder / f"b{len(taken)}")
            with backup.opened(path) as (header, _):
                assert before <= header.sequence <= register.ask("select sequence from journal_head")[0][0]
                taken.append(header.sequence)
        at_the_latest = time.monotonic() + 30
        while register.ask("select sequence from journal_head")[0][0] == taken[-1]:  # between two writes of theirs
            assert time.monotonic() < at_the_latest, "they still write"
            time.sleep(0.05)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert taken == sorted(taken)
    empty.onward("restore", str(path))
    assert empty.answer("verify")["entries"] == taken[-1]
    assert empty.onward("doctor")


@pytest.mark.parametrize(
    "at", few('copy "public"."journal_entry"', "constraint", "create table", 'copy "public"."party"', "setval")
)
def test_a_restore_that_is_killed_leaves_an_empty_place_or_a_whole_register(
    register: Register, empty: Register, folder: Path, at: str
) -> None:
    rows = [{"key": f"p{number}", "name": "P", "country": "DE", "since": "2020-01-01"} for number in range(3000)]
    register.load({"party": rows}, folder)
    path = backed_up(register, folder / "b")
    given = os.environ | {"DATABASE_URL": empty.url}
    running = subprocess.Popen([*ONWARD, "restore", str(path)], cwd=ROOT, env=given, stdout=subprocess.PIPE)
    asyncio.run(_reached(empty, at, running))
    running.send_signal(signal.SIGKILL)
    killed = running.wait() == -signal.SIGKILL
    _settled(empty)
    tables = empty.ask("select count(*) from pg_tables where schemaname = 'public'")[0][0]
    if at != "setval":  # the last moment, which may be missed
        assert killed
        assert not tables, "nothing of it is there"
    if not tables:
        assert "holds no register" in empty.onward("verify", exit_code=2)
        empty.onward("restore", str(path))
    assert everything(empty) == everything(register)
    assert "everything is as it was written" in empty.onward("verify")


async def _reached(register: Register, at: str, running: subprocess.Popen[bytes]) -> None:
    """Waits until the statement of the restore that is under way is of that kind, or the restore has ended."""
    connection = await asyncpg.connect(register.url)
    try:
        while running.poll() is None:
            seen = "select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            if any(at in row[0].lower() for row in await connection.fetch(seen)):
                return
    finally:
        await connection.close()


def _settled(register: Register) -> None:
    """Waits until the server has noticed that the client is gone."""
    until = time.monotonic() + 30
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    while register.ask(others)[0][0]:
        assert time.monotonic() < until
        time.sleep(0.05)


def listed(register: Register, folder: Path) -> Path:
    path = folder / "erasures.json"
    path.write_text(register.onward("erasures", "--json"))
    return path


def restored(register: Register, path: Path, *words: str) -> Any:
    with environment(DATABASE_URL=register.url):
        return CliRunner().invoke(main, ["restore", str(path), *words])


def test_who_was_erased_since_does_not_come_back(lived: Register, empty: Register, folder: Path) -> None:
    path = backed_up(lived, folder / "b")
    assert "Quillfeather" in dumped(lived)
    lived.onward("erase", "c-1", "--why", "Art. 17")
    wanted = listed(lived, folder)
    assert not [value for value in ADA.values() if value.lower() in wanted.read_text().lower()]

    done = restored(empty, path, "--erasures", str(wanted))
    assert done.exit_code == 0, done.stderr
    assert "The list names 2 erasures, the newest of" in done.stderr
    assert "emptied: contact c-1 name" in done.stdout
    assert "emptied: vendor mailer note" in done.stdout

    said = dumped(empty) + empty.export(folder).decode() + empty.onward("journal", "--json")
    for value in (*ADA.values(), "+1 555 0111", "ADA QUILLFEATHER"):
        assert value.lower() not in said.lower().replace("quillfeatherstone", ""), value
    assert "Quillfeatherstone is another company" in said, "only what the list names goes"
    assert "everything is as it was written" in empty.onward("verify")
    assert {one.who for one in _entries(empty) if one.kind == "erased"} >= {"system:restore"}
    assert empty.ask("select count(*) from credential")[0][0] == 1, "who still may act still signs in"
    again = {value for one in empty.answer("erasures") for value in one["values"]}
    was = {value for one in lived.answer("erasures") for value in one["values"]}
    assert again == was, "it is on its own list: the next restore knows it"


def _entries(register: Register) -> list[journal.Written]:
    async def work() -> list[journal.Written]:
        async with database.as_known(None):
            return await journal.entries()

    return register.do(work)


def test_a_person_erased_since_does_not_sign_in_again(lived: Register, empty: Register, folder: Path) -> None:
    path = backed_up(lived, folder / "b")
    lived.onward("erase", "g@house.example", "--why", "left")
    restored(empty, path, "--erasures", str(listed(lived, folder)))
    assert empty.ask("select count(*) from credential")[0][0] == 0
    assert "g@house.example" not in dumped(empty)


def test_erasures_are_done_again_once_and_of_this_register_alone(
    lived: Register, empty: Register, another: Register, folder: Path
) -> None:
    lived.onward("erase", "c-1", "--why", "Art. 17")
    path = backed_up(lived, folder / "b")
    before = everything(lived)
    done = restored(empty, path, "--erasures", str(listed(lived, folder)))
    assert (done.exit_code, "Erased again" in done.stdout) == (0, False)
    assert everything(empty) == before, "all of them were in the backup"
    another.load(with_ada(), folder)
    another.onward("erase", "c-1", "--why", "Art. 17")
    done = restored(empty, path, "--erasures", str(listed(another, folder)))
    assert done.exit_code == 2
    assert "is of the register" in done.stderr


def test_what_a_list_names_and_is_not_there_is_told(lived: Register, empty: Register, folder: Path) -> None:
    path = backed_up(lived, folder / "b")
    lived.load({"contact": [{"key": "c-1", "phone": "1", "entry": {"kind": "corrected", "why": "x"}}]}, folder)
    lived.onward("erase", "c-1", "--why", "Art. 17")
    wanted = listed(lived, folder)
    rows = json.loads(wanted.read_text())
    number = next(value for value in rows[-1]["values"] if value.endswith(":name"))
    rows[-1]["commitments"][number] = "0" * 64  # as an entry of that number from before another restore
    rows[-1]["values"].append("3:made_up")
    rows[-1]["commitments"]["3:made_up"] = "0" * 64
    wanted.write_text(json.dumps(rows))
    done = restored(empty, path, "--erasures", str(wanted))
    assert done.exit_code == 1
    assert f"2 values of the list could not be found behind the entries of this backup: 3:made_up, {number}" in done.stderr
    assert "emptied: contact c-1 email" in done.stdout, "the rest is done all the same"
    assert "everything is as it was written" in empty.onward("verify")


@pytest.mark.parametrize("text", ["", "{}", '[{"values": ["x"]}]', "no json"])
def test_a_list_that_is_none_is_refused_before_anything_is_made(
    lived: Register, empty: Register, folder: Path, text: str
) -> None:
    path = backed_up(lived, folder / "b")
    (folder / "list.json").write_text(text)
    done = restored(empty, path, "--erasures", str(folder / "list.json"))
    assert done.exit_code == 2
    assert "is no list of erasures" in done.stderr
    assert not empty.ask("select 1 from pg_tables where schemaname = 'public'")


def test_without_a_list_it_is_said_that_erasures_are_not_known(lived: Register, empty: Register, folder: Path) -> None:
    done = restored(empty, backed_up(lived, folder / "b"))
    assert done.exit_code == 0
    assert "0 minutes ago" in done.stderr
    assert "Erasures since then are not known here" in done.stderr
    assert "--erasures LIST.json" in done.stderr
    assert "The signing key was not in the backup" in done.stderr


def test_a_roll_back_to_an_older_backup_is_found_by_a_checkpoint_kept_outside(
    lived: Register, empty: Register, folder: Path
) -> None:
    path = backed_up(lived, folder / "b")
    lived.load({"vendor": [{"key": "second", "party": "house", "category": "payment", "since": "2021-01-01"}]}, folder)
    kept = folder / "kept"
    lived.onward("checkpoint", "--out", str(kept))
    empty.onward("restore", str(path))
    assert "beside the key" in empty.onward("verify", exit_code=1), "on the machine that signed it"
    unkept(folder)
    assert "everything is as it was written" in empty.onward("verify"), "in itself it is"
    assert "it was cut, or is an older one" in empty.onward("verify", "--checkpoint", str(kept), exit_code=1)
    for number in range(3):  # and once other entries stand in the place of those that were
        row = {"key": f"v{number}", "party": "house", "category": "payment", "since": "2021-01-01"}
        empty.load({"vendor": [row]}, folder)
    assert "does not fit" in empty.onward("verify", "--checkpoint", str(kept), exit_code=1)


def test_a_drill_compares_what_it_restored_and_leaves_nothing(lived: Register, folder: Path) -> None:
    mine = os.urandom(6).hex()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setattr(database.secrets, "token_hex", lambda _: mine)
        steps = lived.answer("drill")
    assert {"backup", "restore elsewhere", "verify", "compare rows", "compare export", "compare journal"} <= {
        step["what"] for step in steps
    }
    assert all(step["sound"] for step in steps), steps
    assert not lived.ask("select 1 from pg_database where datname = $1", f"onward_scratch_{mine}")
    assert not list(folder.glob("onward-*/*")), "no backup, no home"


def test_a_drill_that_finds_a_difference_says_so(lived: Register) -> None:
    lived.ask("alter table party disable trigger all")
    lived.ask("update party set name = 'Other, Inc.' where key = 'mailer'")
    lived.ask("alter table party enable trigger all")
    said = lived.onward("drill", exit_code=1)
    assert "name is not what its newest entry says" in said


def test_a_drill_whose_restore_loses_a_row_says_so(lived: Register) -> None:
    async def loses(at: asyncpg.Connection) -> None:
        await at.execute("delete from credential")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restore, "_numbered", loses)
        said = lived.onward("drill", exit_code=1)
    assert re.search(r"wrong +compare rows +0\.00 +differs", said), said
    assert re.search(r"sound +compare journal", said)


def test_a_backup_goes_from_one_postgresql_to_another(lived: Register, empty: Register, folder: Path) -> None:
    """From the run's to 16 and back: the two versions that are supported hold the same."""
    older = Server(16)
    try:
        name = "older"
        there = Register(new_database(older.url, name, "template1"))
        there.onward("restore", str(backed_up(lived, folder / "b")))
        assert everything(there) == everything(lived)
        assert "everything is as it was written" in there.onward("verify")
        empty.onward("restore", str(backed_up(there, folder / "b")))
        assert everything(empty) == everything(lived)
    finally:
        older.stop()


@large
def test_the_embedded_server_is_backed_up_drilled_and_restored_in_a_new_home(folder: Path) -> None:
    first, second = folder / "first", folder / "second"

    def onward(home: Path, *words: str, exit_code: int = 0) -> str:
        given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"ONWARD_HOME": str(home)}
        done = subprocess.run([*ONWARD, *words], cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == exit_code, done
        return done.stdout if exit_code == 0 else done.stderr

    embedded.start(settings.checked_home(create=True, folder=first))  # held by this process: the commands join it
    onward(first, "demo", "--until", "2018-05-25")
    onward(first, "checkpoint")
    onward(first, "backup", str(folder / "b"))
    assert all(step["sound"] for step in json.loads(onward(first, "drill", "--json")))
    assert "there is a register already" in onward(first, "restore", str(folder / "b"), exit_code=2)
    onward(second, "restore", str(folder / "b"))
    embedded.start(second)
    assert onward(second, "journal", "--json") == onward(first, "journal", "--json")
    onward(second, "verify")
    assert "no key to sign with" in onward(second, "checkpoint", exit_code=2)
    (second / "private" / "signing.pem").write_bytes((first / "private" / "signing.pem").read_bytes())
    (second / "private" / "signing.pem").chmod(0o600)
    onward(second, "checkpoint")
    embedded.stop(first)
    embedded.stop(second)


@large
def test_a_restore_into_a_new_home_that_was_killed_needs_no_help(lived: Register, folder: Path) -> None:
    path, home = backed_up(lived, folder / "b"), folder / "home"
    given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"ONWARD_HOME": str(home)}
    words = [*ONWARD, "restore", str(path)]
    for after in (0.1, 1.5):  # seconds since the cluster stands
        running = subprocess.Popen(words, cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while not (home / "db").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(after)
        running.kill()
        running.wait()
    again = subprocess.run(words, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert again.returncode == 0 or "there is a register already" in again.stderr, again
    with environment(ONWARD_HOME=str(home)):
        said = CliRunner().invoke(main, ["verify"]).stdout
        read = CliRunner().invoke(main, ["journal", "--json"]).stdout
    assert "everything is as it was written" in said
    assert read == lived.onward("journal", "--json")
