"""The past of a register with a history: every column of every table as it stood, and a history that verifies."""

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import database, journal, schema
from registry.faults import Fault, Verified
from registry.tables import Party, ProcessingActivity
from registry.verify import verify
from tests.bench.history import corrected, lived, made
from tests.support import Register, a_register, drop_database, new_database

Tables = dict[str, list[asyncpg.Record]]
NAMES = ['It says "so", {twice}', "NULL", "", "日本, \\ and '"]


async def _tables(at: asyncpg.Connection) -> Tables:
    return {title: await at.fetch(f'select * from "{title}" order by id') for title in schema.by_name()}


def test_the_past_reads_as_every_table_stood_and_the_whole_history_verifies(register: Register) -> None:
    async def lives() -> tuple[Tables, Tables, Verified]:
        connection = await asyncpg.connect(register.url)
        await lived(connection, 200, 500, random.Random(1))
        for title in ("party", "processing_activity"):  # ids from here on are free
            await connection.execute("select setval(pg_get_serial_sequence($1, 'id'), 1000)", title)
        async with journal.writing("cli:test", "a list") as book:
            row = {"key": "listed", "since": "2020-01-01", "name": "L", "country": "DE", "trading_names": NAMES}
            party, _ = await book.record(Party, row | {"note": "Knows somebody"}, row | {"key": "bare", "trading_names": []})
            work = {"key": "work", "since": "2020-01-01", "name": "W", "controller": party["id"], "our_role": "controller"}
            await book.record(ProcessingActivity, work | {"special_categories": ["health", "genetic"]})
        then = await _tables(connection)
        newest = await connection.fetchval("select max(at) from journal_entry")
        await corrected(connection, 150)
        async with database.as_known(newest) as at:
            past = await _tables(at)
            done = await verify(at)
        await connection.close()
        return then, past, done

    then, past, done = register.do(lives)
    assert past == then
    assert not done.faults
    assert done.entries == 500 + 3 + 150


FOLDED = """
select coalesce(array_agg(("row", version) order by "row"), '{}') from (
    select distinct on ("row") "row", version from journal_entry where "table" = $1 and sequence <= $2
    order by "row", sequence desc) e"""


def test_at_any_entry_each_table_holds_the_newest_version_of_each_row_by_then(
    register: Register, chance: random.Random
) -> None:
    async def lives() -> None:
        connection = await asyncpg.connect(register.url)
        await lived(connection, 60, 200, chance)
        for number in (0, 1, *chance.sample(range(2, 200), 8), 200):
            async with database.as_known(None) as at:
                await database.read_past(at, number)
                for title in schema.by_name():
                    folded = await at.fetchval(FOLDED, title, number)
                    seen = await at.fetchval(f"select coalesce(array_agg((id, version) order by id), '{{}}') from \"{title}\"")
                    assert seen == folded, (number, title)
        await connection.close()

    register.do(lives)


def test_a_register_without_versions_is_given_them_out_of_its_journal(register: Register, chance: random.Random) -> None:
    """As one that was written before there were any: the next program that opens it makes them, once."""

    async def versions(at: asyncpg.Connection) -> Tables:
        return {title: await at.fetch(f'select * from past."{title}" order by sequence') for title in schema.by_name()}

    async def older() -> Tables:
        connection = await asyncpg.connect(register.url)
        await lived(connection, 60, 100, chance)
        kept = await versions(connection)
        await connection.execute("drop trigger onward_past on journal_entry; drop schema past cascade")
        await connection.execute("comment on schema known is 'an older shape'")
        await connection.close()
        return kept

    async def newer() -> tuple[Tables, Verified]:
        connection = await asyncpg.connect(register.url)
        await corrected(connection, 20)
        found = await versions(connection)
        async with database.as_known(None) as at:
            done = await verify(at)
        await connection.close()
        return found, done

    kept = register.do(older)
    found, done = register.do(newer)
    assert sum(map(len, kept.values())) == 100
    assert sum(map(len, found.values())) == 120
    assert not done.faults
    for title, rows in kept.items():
        assert [{**row, "ended": None} for row in found[title][: len(rows)]] == [{**row, "ended": None} for row in rows]


@given(st.integers(0, 2**32))
def test_a_lived_register_has_as_many_rows_as_were_asked_for_whatever_is_drawn(seed: int) -> None:
    assert sum(map(len, made(59, random.Random(seed)).tables.values())) == 59


def by_owner(register: Register, *statements: str) -> None:
    """What the database's owner does, every guard off."""

    async def work() -> None:
        connection = await asyncpg.connect(register.url)
        async with connection.transaction():
            for statement in ("set local session_replication_role = replica", *statements):
                await connection.execute(statement)
        await connection.close()

    asyncio.run(work())


@pytest.mark.parametrize("image", ['{"since": "soon"}', '{"country": "Germany"}', "[]"])
def test_an_entry_that_cannot_be_read_keeps_no_register_from_being_opened(register: Register, folder: Path, image: str) -> None:
    """It was altered before there were versions: `verify` names it, and everything else is given its past."""
    register.load(a_register(), folder)
    number = register.ask("""select min(sequence) from journal_entry where "table" = 'party'""")[0][0]
    said = f"'{image}'::jsonb" if image == "[]" else f"image || '{image}'::jsonb"
    by_owner(
        register,
        "alter table journal_entry disable trigger onward_kept",
        f"update journal_entry set image = {said} where sequence = {number}",
        "drop trigger onward_past on journal_entry",
        "drop schema past cascade",
        "comment on schema known is 'an older shape'",
    )
    assert number in {one.entry for one in faults_of(register)}
    assert register.ask("select count(*) from past.party")[0][0] == register.ask("select count(*) from party")[0][0] - 1


def test_a_past_that_was_taken_away_is_told_by_its_table(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    by_owner(register, "drop table past.party cascade", 'alter table past."transfer" drop column automated cascade')
    told = {one.table: one.what for one in faults_of(register)}
    assert {"party", "transfer"} <= told.keys()
    assert all("not as it was made" in told[table] for table in ("party", "transfer"))


def test_a_view_that_reads_the_present_for_the_past_is_told(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    register.load({"vendor": [{"key": "mailer", "category": "payment", "entry": {"kind": "corrected", "why": "x"}}]}, folder)
    by_owner(register, "create or replace view known.vendor as select * from public.vendor")
    assert {one.table for one in faults_of(register)} == {"vendor"}


@pytest.fixture
def empty(server: str) -> Iterator[Register]:
    """A database in which there is nothing at all."""
    name = f"t_{os.urandom(6).hex()}"
    yield Register(new_database(server, name, "template1"))
    drop_database(server, name)


def test_what_a_register_that_is_gone_left_of_its_past_is_taken_away(empty: Register, folder: Path) -> None:
    empty.load(a_register(), folder)
    by_owner(empty, "drop schema public cascade", "create schema public")
    empty.load(a_register(), folder)
    versions, entries = (empty.ask(f"select count(*) from {one}")[0][0] for one in ("past.party", "party"))
    assert versions == entries > 0
    assert faults_of(empty) == []


@pytest.mark.parametrize("name", ["past", "known"])
def test_a_schema_that_is_somebody_elses_is_left_alone(empty: Register, folder: Path, name: str) -> None:
    by_owner(empty, f"create schema {name}", f"create table {name}.vendor (mine int)")
    assert f"a schema '{name}' that is not Onward's" in empty.load(a_register(), folder, exit_code=2)
    by_owner(empty, f"insert into {name}.vendor values (1)")


def faults_of(register: Register) -> list[Fault]:
    async def work() -> list[Fault]:
        async with database.as_known(None) as at:
            return (await verify(at)).faults

    return register.do(work)
