"""Tampering by the database's owner with every guard switched off: each kind of it is found, and told where."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from registry import checkpoints, database, journal, people
from registry.faults import Verified
from registry.verify import verify
from registry.vocabulary import PersonRole
from tests.support import Register, like, signing
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
                    "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
                )
            ]
            for table in tables:
                await at.execute(f'alter table public."{table}" disable trigger all')
            for statement in statements:
                await at.execute(statement)
            for table in tables:
                await at.execute(f'alter table public."{table}" enable trigger all')

    register.do(work)


def found(register: Register, kept: str | None = None, fingerprint: str | None = None) -> Verified:
    async def work() -> Verified:
        async with database.as_known(None) as at:
            return await verify(at, kept, fingerprint)

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
            await checkpoints.grow(at, await journal.newest(at))

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
            f"delete from journal_value where sequence > {last - 3}",
            f"delete from journal_entry where sequence > {last - 3}",
            f"update journal_head set sequence = {last - 3}",
        )
    rehashed(register)
    register.do(checkpoints.take)
    inside = found(register)
    assert inside.faults == [], inside.faults
    outside = found(register, kept)
    assert outside.faults
    assert not outside.shown
    if what == "altered":
        assert found(register, fingerprint=fingerprint).shown, "the key alone does not tell"


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
