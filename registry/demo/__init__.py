"""The demo: one file a day of an invented company's history, in the format of `onward import register`."""

from datetime import UTC, date, datetime, time
from pathlib import Path

from registry import adopted, journal, law, register
from registry.errors import Refused

FOLDER = Path(__file__).parent
OFFICE_HOURS = time(9, tzinfo=UTC)
WHO = "system:demo"


def days() -> list[date]:
    """The days of the demo's history, in order."""
    return sorted(date.fromisoformat(path.stem) for path in FOLDER.glob("*.json"))


async def write_demo(until: date, today: date) -> list[date]:
    """Writes what is not written yet of the history, up to a day and never beyond today; returns the days written."""
    if until < days()[0]:
        raise Refused(f"--until: the history begins on {days()[0]}: name that day or a later one")
    await journal.open_register(WHO, demo_from=datetime.combine(days()[0], OFFICE_HOURS))
    written: list[date] = []
    for day in days():
        if day > min(until, today):
            break
        if await _write_day(day):
            written.append(day)
    return written


async def _write_day(day: date) -> bool:
    """One day in one transaction; False where it has been written before."""
    file = register.checked(register.read_file(FOLDER / f"{day}.json"))
    async with journal.writing(WHO, f"the demo's {day}") as book:
        if not await journal.is_demo(book.at):
            raise Refused("this register is no demo: its first entry says so, for good; give ONWARD_HOME another folder")
        opening = datetime.combine(day, OFFICE_HOURS)
        await book.at.execute("select from journal_head for update")
        if await book.at.fetchval("select exists (select from journal_entry where sequence > 1 and at >= $1)", opening):
            return False
        await journal.set_clock(book.at, opening)
        await register.write(book, file, demo=True)
        await adopted.ruling(book, law.load())
    return True
