"""The clocks of a page: valid on and known on, from its address; today is a demo's own day on a demo."""

from datetime import UTC, date, datetime, time
from urllib.parse import urlencode

import msgspec

from assessments.assess import Clocks
from registry import database, journal
from registry.errors import Misused

END_OF_DAY = time.max.replace(tzinfo=UTC)
EARLIEST, LATEST = date(1995, 1, 1), date(2999, 1, 1)


class Bar(msgspec.Struct, frozen=True):
    """What the clock bar shows, and what verdicts are asked with."""

    clocks: Clocks
    today: date
    demo: bool
    given: dict[str, str]

    @property
    def now(self) -> bool:
        """Whether both clocks are set to today."""
        return not self.given

    def query(self, more: dict[str, str] | None = None) -> str:
        """The clocks as part of an address, to be carried along, and what else is asked for."""
        return "?" + urlencode((more or {}) | self.given) if more or self.given else ""


async def bar(on: str | None = None, known: str | None = None) -> Bar:
    """Raises Misused, naming the clock, for what is no day or lies where nobody can know."""
    async with database.as_known(None) as at:
        demo = await journal.is_demo(at)
        today = await journal.today(at)
    valid, known_on = day_of("valid on", on) or today, day_of("known on", known)
    if known_on is not None and known_on > today:
        raise Misused(f"known on {known_on}: nobody knows yet what will have been recorded by then; today is {today}")
    given = {name: day.isoformat() for name, day in (("on", valid), ("known", known_on or today)) if day != today}
    instant = datetime.combine(known_on, END_OF_DAY) if known_on is not None and known_on != today else None
    shown = (known_on or today).isoformat()
    return Bar(Clocks(valid, instant, known_on or today, shown), today, demo, given)


def day_of(clock: str, text: str | None) -> date | None:
    """A day as it stands in an address, None where none is given. Raises Misused for what is no day the law reaches."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Misused(f"{clock}: {text[:40]!r} is no day: write it as YYYY-MM-DD") from error
    if not EARLIEST <= day <= LATEST:
        raise Misused(f"{clock}: {day} lies outside the law on file: choose a day from {EARLIEST} to {LATEST}")
    return day
