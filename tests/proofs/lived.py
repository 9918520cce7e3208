"""A register with a history, of an exact number of entries: imported, edited, ended, voided, a person erased, signed often.

What stood behind the entries before the erasure is kept in a table of its own, as an older backup would have it.
"""

import random
from datetime import date
from pathlib import Path
from typing import Any

from piccolo.columns import Text, Varchar

from registry import checkpoints, database, journal, people, register, schema
from registry.errors import Refused
from registry.tables import is_country
from registry.vocabulary import PersonRole
from tests.registry.test_register import JOURNALED, a_random_register, token
from tests.support import environment

DAY = date(2020, 1, 1)
SIGNED = 4  # checkpoints of a register


async def live(url: str, key: Path, chance: random.Random, size: int) -> None:
    """Makes it in an empty database. The last checkpoint covers all of its entries."""
    with environment(ONWARD_KEY=str(key), DATABASE_URL=url):
        async with database.opened(create=True, url=url):
            rows = a_random_register(chance, rows=max(1, size // 100))
            await register.import_register(rows, "cli:test", "it begins", "a test")
            await checkpoints.take()
            gone = await people.add_person("Quilla Feather", "q@f.example", PersonRole.AUDITOR, DAY, "x" * 12, "cli:test")
            begun = await _newest()
            for part in range(1, SIGNED):
                while await _newest() < begun + (size - begun) * part // (SIGNED - 1):
                    await _edit(chance)
                if part == 1:
                    async with database.transaction() as at:
                        await at.execute("create table before_erasure as select * from journal_value")
                    await people.erase_person(gone, "left", "cli:test")
                await checkpoints.take()
            assert await _newest() == size, "the edits overshot"


async def _newest() -> int:
    async with database.as_known(None) as at:
        return await journal.newest(at)


async def _edit(chance: random.Random) -> None:
    """One entry about a row of some table: a text corrected, or the row voided."""
    table = chance.choice(JOURNALED)
    title = schema.name(table)
    async with database.as_known(None) as at:
        keys = await at.fetch(f'select key, since from "{title}" order by id')
    if not keys:
        return
    key, since = chance.choice(keys)
    texts = [name for name, column in schema.columns(table).items() if _free(name, column)]
    try:
        async with journal.writing("cli:test", chance.choice(["better known", "told by them"])) as book:
            row = await journal.current(book.at, table, key, since)
            if texts and not table.judged and chance.random() < 0.9:  # type: ignore[attr-defined]
                await book.correct(table, row, **{chance.choice(texts): token(chance, 20)})
            else:
                await book.void(table, row)
    except Refused:
        return


def _free(name: str, column: Any) -> bool:
    return (
        isinstance(column, (Varchar, Text))
        and not column._meta.choices
        and not is_country(column)
        and name not in {*schema.OWN, "key", "sha256"}
        and (getattr(column, "length", None) or 99) >= 20
    )
