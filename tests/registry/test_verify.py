"""Tampering by the database's owner with every guard switched off: each kind of it is found, and told where."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from registry import checkpoints, database, heads, journal, keys, notes, people, tiles
from registry.errors import Misused
from registry.faults import Verified
from registry.heads import Beside
from registry.verify import verify
from registry.vocabulary import PersonRole
from tests.proofs.tampering import versions_folded_back
from tests.registry.test_checkpoints import parties
from tests.support import Register, environment, like, signing, unkept
from tests.support import a_register as small

ENTRY = 7  # any in the middle
DAY = date(2020, 1, 1)


@pytest.fixture
def key(folder: Path) -> Iterator[Path]:
    with signing(folder) as path:
        yield path


@pytest.fixture
def sound(server: str, key: Path, folder: Path) -> Iterator[tuple[Register, str]]:
    """A register with a history, an erasure and two checkpoints; the first checkpoint is kept outside."""
    with like(server, "checked", lambda register: _live(register, folder)) as register:
        yield register, register.ask("select note from checkpoint order by id")[0][0]


def _live(register: Register, folder: Path) -> None:
    register.load(small(), folder)
    assert register.do(checkpoints.take) is not None

    async def more() -> None:
        key = await people.add_person("Quilla Feather", "q@larkfield.example", PersonRole.AUDITOR, DAY, "x" * 12, "cli:t")
        await people.erase_person(key, "left", "cli:t")
        await checkpoints.take()

    register.do(more)


def tampered(register: Register, *statements: str) -> None:
    """The database's owner switches every guard off, does it, and switches them on again."""

    async def work() -> None:
        async with database.transaction() as at:
            tables = [
                row[0]
                for row in await at.fetch(
                    "select oid::regclass::text from pg_class where relkind = 'r' "
                    "and relnamespace in ('public'::regnamespace, 'past'::regnamespace)"
                )
            ]
            for table in tables:
                await at.execute(f"alter table {table} disable trigger all")
            for statement in statements:
                await at.execute(statement)
            for table in tables:
                await at.execute(f"alter table {table} enable trigger all")

    register.do(work)


def found(
    register: Register, kept: str | None = None, fingerprint: str | None = None, beside: Sequence[Beside] = ()
) -> Verified:
    async def work() -> Verified:
        async with database.as_known(None) as at:
            return await verify(at, kept, fingerprint, beside)

    return register.do(work)


def test_a_sound_register_has_no_fault(sound: tuple[Register, str]) -> None:
    register, kept = sound
    done = found(register, kept)
    assert done.faults == []
    assert done.shown, "a checkpoint from outside agrees"
    assert (done.entries, done.checkpoints, done.erased > 0) == (
        register.ask("select max(sequence) from journal_entry")[0][0],
        2,
        True,
    )
    assert not found(register).shown, "nothing from outside was brought"


TAMPERINGS = {
    "an entry's image": (ENTRY, f"update journal_entry set image = image || '{{\"version\": 99}}' where sequence = {ENTRY}"),
    "an entry's author": (ENTRY, f"update journal_entry set who = 'cli:other' where sequence = {ENTRY}"),
    "an entry's time": (ENTRY, f"update journal_entry set at = at + interval '1 microsecond' where sequence = {ENTRY}"),
    "an entry's kind": (ENTRY, f"update journal_entry set kind = 'corrected' where sequence = {ENTRY}"),
    "an entry's random bytes": (ENTRY, f"update journal_entry set nonce = sha256(nonce) where sequence = {ENTRY}"),
    "an entry's reason": (ENTRY, f"update journal_entry set why = encode(sha256('x'), 'hex') where sequence = {ENTRY}"),
    "an entry taken out": (ENTRY, f"delete from journal_entry where sequence = {ENTRY}"),
    "the newest entry taken out": (
        None,
        "delete from journal_entry where sequence = (select max(sequence) from journal_entry)",
    ),
    "two entries swapped": (
        ENTRY,
        f"update journal_entry set sequence = -1 where sequence = {ENTRY}",
        f"update journal_entry set sequence = {ENTRY} where sequence = {ENTRY + 1}",
        f"update journal_entry set sequence = {ENTRY + 1} where sequence = -1",
    ),
    "an entry put in": (
        None,
        """insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, nonce)
        select sequence + 1, at, 'recorded', who, "table", 999999, 1, image, sha256(nonce) from journal_entry
        order by sequence desc limit 1""",
    ),
    "a value behind an entry": (
        None,
        "update journal_value set value = value || 'x' where id = (select min(id) from journal_value)",
    ),
    "a value taken out": (None, "delete from journal_value where id = (select min(id) from journal_value)"),
    "a second value put in before the first": (
        None,
        "drop index journal_value_entry",
        """insert into journal_value (id, sequence, name, salt, value)
        select -1, sequence, name, salt, 'y' from journal_value limit 1""",
        "update journal_value set salt = salt where id > 0",  # so that it is read after the one that was put in
    ),
    "a value put in": (None, f"insert into journal_value (sequence, name, salt, value) values ({ENTRY}, 'made_up', 'x', 'y')"),
    "a row": (None, "update vendor set category = 'payment'"),
    "a row's version": (None, "update vendor set version = 5"),
    "a row taken out": (None, "delete from certification"),
    "a row put in": (
        None,
        "insert into party (id, key, thing, version, since, name, country) values (999, 'x', 999, 1, '2020-01-01', 'X', 'DE')",
    ),
    "a checkpoint's text": (None, "update checkpoint set note = replace(note, 'onward/', 'onward/0') where id = 1"),
    "a checkpoint's size": (None, "update checkpoint set size = size + 1 where id = 1"),
    "the journal's head": (None, "update journal_head set sequence = sequence + 1"),
    "a leaf": (None, "update tile set hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256) where id = 0"),
    "a key": (None, "update signing_key set vkey = replace(vkey, '+', '0+')"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_each_tampering_is_found_and_told_where(sound: tuple[Register, str], what: str) -> None:
    register, _ = sound
    entry, *statements = TAMPERINGS[what]
    tampered(register, *[str(one) for one in statements])
    done = found(register)
    assert done.faults, what
    if entry is not None:
        assert done.first == entry, done.faults


def rehashed(register: Register) -> None:
    """All tiles made anew from what stands there now, as somebody would who knows how."""

    async def work() -> None:
        async with database.transaction() as at:
            await at.execute("delete from tile")
            await tiles.grow(at, await journal.newest(at))

    register.do(work)


def test_hashes_made_anew_do_not_fit_the_checkpoint(sound: tuple[Register, str]) -> None:
    register, _ = sound
    tampered(register, f"update journal_entry set who = 'cli:other' where sequence = {ENTRY}")
    rehashed(register)
    done = found(register)
    assert any("does not fit" in fault.what for fault in done.faults), done.faults


@pytest.mark.parametrize("what", ["altered", "cut"])
def test_who_holds_the_key_is_found_by_a_checkpoint_kept_outside(sound: tuple[Register, str], what: str, folder: Path) -> None:
    """Everything is made anew and signed again: consistent in itself, and not what it was."""
    register, kept = sound
    fingerprint = register.ask("select key from signing_key")[0][0]
    if what == "altered":
        tampered(register, f"update journal_entry set who = 'cli:other' where sequence = {ENTRY}", "delete from checkpoint")
    else:
        cut = "(select max(sequence) from journal_entry where who = 'system:key')"
        last = register.ask(f"select {cut}")[0][0]
        tables = [row[0] for row in register.ask('select distinct "table" from journal_entry where sequence > $1', last - 3)]
        tampered(
            register,
            "delete from checkpoint",
            *[
                f"""delete from "{table}" t using journal_entry e
                where e.sequence > {last - 3} and e."table" = '{table}' and e."row" = t.id
                and e.version = 1"""
                for table in tables
            ],
            *[statement for table in tables for statement in versions_folded_back(table, last - 3)],
            f"delete from journal_value where sequence > {last - 3}",
            f"delete from journal_entry where sequence > {last - 3}",
            f"update journal_head set sequence = {last - 3}",
        )
    rehashed(register)
    unkept(folder)
    register.do(checkpoints.take)
    inside = found(register)
    assert inside.faults == [], inside.faults
    outside = found(register, kept)
    assert outside.faults
    assert not outside.shown
    if what == "altered":
        assert found(register, fingerprint=fingerprint).shown, "the key alone does not tell"
        (folder / "kept.note").write_text(kept)
        said = register.onward("verify", "--checkpoint", str(folder / "kept.note"), exit_code=1)
        size = kept.splitlines()[1]
        assert f"the first bad entry is somewhere among 1 to {size}." in said, said


def test_another_register_s_checkpoint_or_key_is_told(sound: tuple[Register, str], folder: Path) -> None:
    register, kept = sound
    done = found(register, fingerprint="0" * 64)
    assert not done.shown
    assert "not the one you brought" in done.faults[0].what
    done = found(register, kept.replace("looks", "lookx"))
    assert not done.shown
    assert done.faults


def test_looks_altered_are_found(register: Register, key: Path) -> None:
    async def work() -> None:
        async with database.transaction() as at:
            for _ in range(3):
                await at.execute(
                    "insert into look (at, person, what, of) values (now() - interval '2 days', 'p', 'opened', '/')"
                )
        await checkpoints.take()

    register.do(work)
    assert found(register).faults == []
    tampered(register, "delete from look where id = 2")
    assert "access log" in found(register).faults[0].what


FORGED = f"update journal_entry set who = 'cli:other' where sequence = {ENTRY}"


def test_a_key_without_a_checkpoint_of_its_shows_nothing(sound: tuple[Register, str]) -> None:
    """The row of the key is public: who owns the database keeps it, and needs no key to take checkpoints and tiles away."""
    register, _ = sound
    fingerprint = register.ask("select key from signing_key")[0][0]
    assert found(register, fingerprint=fingerprint).shown
    tampered(register, FORGED, "delete from checkpoint", "delete from tile")
    done = found(register, fingerprint=fingerprint)
    assert not done.shown
    assert "no checkpoint on file is signed by the key you brought" in done.faults[0].what


def test_entries_after_the_newest_checkpoint_are_named(sound: tuple[Register, str]) -> None:
    register, _ = sound
    assert found(register).unsigned == ""
    size = register.ask("select max(size) from checkpoint")[0][0]
    for more, named in ((1, f"entry {size + 1} is"), (2, f"entries {size + 1} to {size + 3} are")):
        register.do(partial(parties, more))
        done = found(register, fingerprint=register.ask("select key from signing_key")[0][0])
        assert done.shown
        assert (done.covered, done.unsigned) == (size, f"; {named} signed by nothing yet")


@pytest.mark.parametrize("gone", ["tile", "tile where id = 0"])
def test_a_forged_tree_is_not_signed_upon_the_checkpoint_on_file(sound: tuple[Register, str], gone: str, folder: Path) -> None:
    register, _ = sound
    unkept(folder)
    register.do(lambda: parties(1))
    tampered(register, FORGED, f"delete from {gone}")
    with pytest.raises(Misused, match=r"does not go on from the newest checkpoint on file.*onward verify"):
        register.do(checkpoints.take)
    assert len(register.ask("select from checkpoint")) == 2


@pytest.mark.parametrize("what", ["forged", "cut"])
def test_the_head_beside_the_key_tells_what_the_database_no_longer_does(
    sound: tuple[Register, str], what: str, folder: Path
) -> None:
    """Newest checkpoints gone, journal forged or cut back to the older one: true in itself, and not signed here."""
    register, _ = sound
    tampered(register, "delete from tile")
    register.do(lambda: parties(1))
    register.do(checkpoints.take)
    size = register.ask("select max(size) from checkpoint")[0][0]
    assert [path.name.startswith("key.pem.") for path in folder.glob("*.signed.txt")] == [True]
    tampered(
        register,
        "delete from tile",
        "delete from checkpoint",
        *(
            [FORGED]
            if what == "forged"
            else [
                f"delete from party t using journal_entry e where e.sequence = {size} and e.row = t.id and e.table = 'party'",
                *versions_folded_back("party", size - 1),
                f"delete from journal_value where sequence = {size}",
                f"delete from journal_entry where sequence = {size}",
                f"update journal_head set sequence = {size - 1}",
            ]
        ),
    )
    said = "does not go on from the head beside the key" if what == "forged" else "beside the key .* it was cut"
    with pytest.raises(Misused, match=said):
        register.do(checkpoints.take)
    inside = found(register)
    assert inside.faults == []
    assert any("beside the key" in fault.what for fault in found(register, beside=heads.beside()).faults)


def test_a_register_made_anew_under_another_name_is_not_signed(sound: tuple[Register, str]) -> None:
    """Its first entry altered gives it another name, to which no head fits: the key has signed one of another name."""
    register, _ = sound
    register.do(lambda: parties(1))
    register.do(checkpoints.take)
    key = keys.read(keys.files()[0])
    tampered(
        register,
        "delete from checkpoint",
        "delete from tile",
        "update journal_entry set nonce = sha256(nonce) where sequence = 1",
    )

    async def name() -> str:
        async with database.as_known(None) as at:
            return await keys.origin(at)

    vkey = keys.verifier(register.do(name), key).vkey
    tampered(
        register,
        f"update signing_key set vkey = '{vkey}'",
        f"""update journal_entry set image = image || jsonb_build_object('vkey', '{vkey}') where "table" = 'signing_key'""",
        f"update past.signing_key set vkey = '{vkey}'",
    )
    assert found(register).faults == []
    with pytest.raises(Misused, match="is of another register"):
        register.do(checkpoints.take)
    assert any("is of another register" in fault.what for fault in found(register, beside=heads.beside()).faults)


def test_an_older_state_goes_on_with_a_new_key_that_says_so(sound: tuple[Register, str], folder: Path) -> None:
    """The way out where a backup was put in place on purpose: a key that follows has no head beside it."""
    register, _ = sound
    register.do(lambda: parties(1))
    kept = register.do(checkpoints.take)
    tampered(register, FORGED, "delete from tile", "delete from checkpoint")
    with pytest.raises(Misused, match="beside the key"):
        register.do(checkpoints.take)
    new = folder / "new.pem"
    keys.make(new)
    register.do(lambda: keys.follow(new, "cli:test", "the backup of Sunday was restored"))
    with environment(ONWARD_KEY=str(new)):
        assert register.do(checkpoints.take) is not None
        assert found(register, beside=heads.beside()).faults == []
    done = found(register, kept)
    assert any("you brought does not fit" in fault.what for fault in done.faults), done.faults


ALTERED = {
    "a checkpoint's text": ("update checkpoint set note = replace(note, 'onward/', 'onward/0') where id = 2", "checkpoint 2: "),
    "a checkpoint that is none": ("update checkpoint set note = 'x' where id = 2", "checkpoint 2: "),
    "the key's row": ("update signing_key set vkey = 'x'", "what the register says of its key .* was altered"),
    "entry 1": ("delete from journal_entry where sequence = 1", "entry 1 is missing"),
    "an entry without its leaf": (
        "update journal_entry set at = '-infinity' where sequence = 3; delete from tile",
        "entry 3: holds",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_cannot_be_signed_is_named_and_a_report_says_why(sound: tuple[Register, str], what: str) -> None:
    register, _ = sound
    register.do(lambda: parties(1))
    statement, said = ALTERED[what]
    tampered(register, statement)

    async def inside() -> dict[str, str]:
        with pytest.raises(Misused, match=f"{said}.*onward verify"):
            await checkpoints.take()
        assert await checkpoints.signed() is None
        async with database.as_known(None) as at:
            return await checkpoints.marks(at, await journal.newest(at))

    async def work() -> dict[str, str]:
        async with database.opened(url=register.url):
            return await inside()

    with environment(DATABASE_URL=register.url):
        mark = asyncio.run(work())["Checkpoint"]
    assert mark.startswith("NOT SIGNED, none covers it: ")
    assert "onward verify" in mark


def reported(register: Register, folder: Path) -> str:
    register.onward("report", "transfers", "--format", "json", "--out", str(folder / "r.json"))
    return (folder / "r.json").read_text()


def test_each_door_says_in_a_line_that_nothing_is_signed(sound: tuple[Register, str], folder: Path) -> None:
    register, _ = sound
    fingerprint = register.ask("select key from signing_key")[0][0]
    assert register.answer("verify", "--key", fingerprint)["shown"]
    register.do(lambda: parties(1))
    tampered(register, "update checkpoint set note = replace(note, 'onward/', 'onward/0') where id = 2")
    for words in (("checkpoint",), ("export", "bundle", "--out", str(folder / "b.zip"))):
        said = register.onward(*words, exit_code=2)
        assert re.search("checkpoint 2: .*nothing is signed.*onward verify", said.replace("\n", " ")), said
    assert "NOT SIGNED" in reported(register, folder)
    assert "checkpoint 2: " in register.onward("doctor", exit_code=1)
    assert "checkpoint 2: " in register.onward("verify", "--key", fingerprint, exit_code=1)
    tampered(register, "delete from checkpoint", "delete from tile", "delete from journal_entry where sequence = 1")
    for words in (("checkpoint",), ("export", "bundle", "--out", str(folder / "b.zip"))):
        assert "entry 1 is missing" in register.onward(*words, exit_code=2)
    assert "NOT SIGNED" in reported(register, folder)


def test_one_entry_that_is_missing_is_said_as_one(sound: tuple[Register, str]) -> None:
    register, _ = sound
    tampered(register, "delete from journal_entry where sequence = 1")
    assert "entry 1: is missing" in [str(fault) for fault in found(register).faults]
    tampered(register, "delete from journal_entry where sequence in (2, 3)")
    assert "entry 1: entries 1 to 3 are missing" in [str(fault) for fault in found(register).faults]


def test_a_look_put_into_a_past_day_on_which_nobody_looked_is_found(register: Register, key: Path) -> None:
    """The checkpoint speaks up to the day before it was signed, and not up to the last day on which somebody looked."""
    register.do(lambda: looked(9))
    register.do(checkpoints.take)
    tampered(register, LOOKED.format(3))
    assert "access log" in found(register).faults[0].what
    register.do(lambda: parties(1))
    register.do(checkpoints.take)
    assert "access log" in found(register).faults[0].what, "the next checkpoint takes nothing in"


def test_looks_of_past_days_that_no_checkpoint_covers_are_counted(register: Register, key: Path) -> None:
    register.do(lambda: looked(2))
    done = found(register)
    assert (done.looks, done.looks_unsigned) == (1, 1)
    assert "1 of them in no checkpoint yet" in done.looked
    register.do(checkpoints.take)
    done = found(register)
    assert (done.faults, done.looks, done.looks_unsigned) == ([], 1, 0)
    assert "no checkpoint" not in done.looked


def test_an_older_line_of_looks_is_still_read(register: Register, key: Path) -> None:
    """It names the last day with a look: true of what is up to it, and the looks after it are counted as not covered."""
    register.do(lambda: looked(5))
    register.do(checkpoints.take)
    day = (datetime.now(UTC) - timedelta(days=5)).date()
    size, note = register.ask("select size, note from checkpoint")[0]
    head = notes.checkpoint(note.rpartition("\n\n")[0] + "\n")
    older = notes.Checkpoint(head.origin, size, head.root, (f"looks {day} {head.more[0].split(' ')[2]}",))
    signed = notes.sign(older.text, (keys.verifier(head.origin, keys.read(key)), keys.read(key)))
    tampered(register, f"update checkpoint set note = '{signed}'", LOOKED.format(3))
    done = found(register)
    assert (done.faults, done.looks_unsigned) == ([], 1)
    register.do(checkpoints.take)
    done = found(register)
    assert (done.faults, done.looks_unsigned) == ([], 0)


LOOKED = "insert into look (at, person, what, of) values (now() - interval '{} days', 'p', 'opened', '/')"


async def looked(days: int) -> None:
    async with database.transaction() as at:
        await at.execute(LOOKED.format(days))
