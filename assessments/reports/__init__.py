"""Reports: facts, then a plain record, then bytes. A file here is a report, a file in `formats` a format, by being there.

A report has `TITLE` and `compose(facts) -> Record`; a format has `render(record) -> bytes`, `MEDIA_TYPE`, and `APART`: whether
it takes so long that it is set at the press, in a process of its own.
"""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from assessments.assess import Clocks
from assessments.facts import Facts, gather
from assessments.press import a_press, pressed
from assessments.record import Record
from assessments.signing import signed
from registry.errors import Misused
from registry.law import Pack

FOLDER = Path(__file__).parent
import_module(f"{__name__}.formats")  # now, or importing it later would put the folder in the place of the function below


def names() -> Mapping[str, str]:
    """The reports there are, with their titles."""
    return {name: import_module(f"{__name__}.{name}").TITLE for name in _files(FOLDER)}


def formats() -> Mapping[str, str]:
    """The formats there are, with their media types."""
    return {fmt: _format(fmt).MEDIA_TYPE for fmt in _files(FOLDER / "formats")}


def checked(name: str, fmt: str) -> None:
    """Raises Misused, naming what there is, for a report or a format that there is not."""
    for what, asked, there in (("report", name, _files(FOLDER)), ("format", fmt, _files(FOLDER / "formats"))):
        if asked not in there:
            raise Misused(f"no {what} is called {asked!r}: there are {', '.join(there)}")


async def printed(
    name: str, fmt: str, pack: Pack, clocks: Clocks, *, wait: float | None = None, limit: float | None = None
) -> bytes:
    """A report as a file, read from the register that is open; the event loop stays free.

    `wait` and `limit` are seconds: for a press to be free, and for it to be done; None is as long as it takes. Raises Misused
    for a report or format that there is not, Busy where one of them has passed.
    """
    checked(name, fmt)
    if not _format(fmt).APART:
        return await asyncio.to_thread(render, await composed(name, pack, clocks), fmt)
    async with a_press(wait):
        return await pressed(await composed(name, pack, clocks), fmt, limit)


async def composed(name: str, pack: Pack, clocks: Clocks) -> Record:
    """The report on those clocks; the journal is signed first, so that what it was made from can be proved.

    Where the register's key is not at hand it goes out unsigned, and says so.
    """
    await signed()
    return await composed_of(name, await gather(pack, clocks))


async def composed_of(name: str, facts: Facts) -> Record:
    """The report of facts that were gathered already."""
    record: Record = await asyncio.to_thread(import_module(f"{__name__}.{name}").compose, facts)
    return record


def render(record: Record, fmt: str) -> bytes:
    content: bytes = _format(fmt).render(record)
    return content


def _format(fmt: str) -> Any:
    return import_module(f"{__name__}.formats.{fmt}")


def _files(folder: Path) -> list[str]:
    return sorted(module.name for module in iter_modules([str(folder)]) if not module.ispkg)
