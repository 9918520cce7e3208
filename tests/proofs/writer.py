"""A process to be killed: imports and edits until it dies, saying on stdout what has been acknowledged to it."""

import asyncio
import itertools
import sys

from registry import database, journal, register
from registry.tables import Party

ROWS = 25  # rows an import, so that a kill can fall between them


async def write(turn: str) -> None:
    async with database.opened(create=True):
        await journal.open_register("cli:writer")
        for number in itertools.count():
            name = f"{turn}-{number}"
            rows = [{"key": f"{name}-{row}", "name": "a", "country": "DE", "since": "2020-01-01"} for row in range(ROWS)]
            await register.import_register({"party": rows}, "cli:writer", None, "a test")
            say("import", name)
            async with journal.writing("cli:writer", "edit") as book:
                row = await journal.current(book.at, Party, f"{name}-0")
                await book.correct(Party, row, name=name)
            say("edit", name)


def say(what: str, name: str) -> None:
    print(what, name, flush=True)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
