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
