"""The past of a register with a history: every column of every table as it stood, and a history that verifies."""

import random

import asyncpg

from registry import database, journal, schema
from registry.faults import Verified
from registry.tables import Party, ProcessingActivity
from registry.verify import verify
from tests.bench.history import corrected, lived
from tests.support import Register

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
