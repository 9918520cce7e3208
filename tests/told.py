"""Random tales for the watch: facts on days of a register with its own clock, looked at in different rhythms."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from assessments.alerts import alerts
from assessments.watch import look
from registry import database, journal, law
from registry import register as file
from registry.errors import Refused
from tests.support import a_register

Tables = dict[str, list[dict[str, Any]]]
Told = list[tuple[str, str]]  # kind and cause of each alert, entries by what they are about

ERAS = ("2020-07-13", "2021-06-25", "2022-12-25", "2023-07-07", "2025-12-24")  # the law turns in each
LENGTH = 9  # days a tale
ONCE = {"verdict_changed", "past_changed", "onward_transfer", "onward_moved"}  # told alike in every rhythm
FACTS = (
    *("listed", "lapsed", "due", "due corrected", "clauses", "clauses for a while", "clauses end", "clauses voided"),
    *("assessed", "another leg", "a leg begins later", "leg ends", "hop", "hop moves", "hop covered", "dpf", "several"),
)


def opening(era: str) -> Tables:
    """What is on file on the day before a tale begins."""
    tables = a_register()
    tables["party"].append({"key": "below", "name": "Below Ltd", "country": "GB", "since": "2018-05-25"})
    tables["safeguard"] = [_clauses("old", "2018-06-01", "eu-scc-2010-c2p", exporter="house", importer="below")]
    return tables


def fact(what: str, number: int, day: date) -> Tables:
    """One thing that is recorded on a day; where it cannot be, it is refused, and nothing is."""
    today, later = day.isoformat(), (day + timedelta(days=2)).isoformat()
    changed, corrected = {"kind": "changed", "why": "so"}, {"kind": "corrected", "why": "so"}
    leg = {"engagement": "news", "exporter": "house", "importer": "mailer", "how": "stored"}
    hop = {"processor": "mailer", "sub_processor": "below", "how": "stored", "bound_alike": True}
    one = f"{what}-{number}".replace(" ", "-")
    facts: dict[str, Tables] = {
        "listed": {"certification": [_listing(one, "eu-us-privacy-shield", today)]},
        "dpf": {"certification": [_listing(one, "eu-us-dpf", today)]},
        "lapsed": {"certification": [{"key": "shield", "status": "inactive_lapse", "since": today, "entry": changed}]},
        "due": {"certification": [_listing(one, "eu-us-dpf", today) | {"next_due": later}]},
        "due corrected": {"certification": [{"key": "shield", "next_due": today, "entry": corrected}]},
        "clauses": {"safeguard": [_clauses("clauses", today, "eu-scc-2021")]},
        "clauses for a while": {"safeguard": [_clauses(one, today, "eu-scc-2021") | {"until": later}]},
        "clauses end": {"safeguard": [{"key": "clauses", "until": today, "entry": changed}]},
        "clauses voided": {"safeguard": [{"key": "clauses", "entry": {"kind": "voided", "why": "so"}}]},
        "assessed": {
            "impact_assessment": [
                {"key": one, "exporter": "house", "importer": "mailer", "country": "US", "outcome": "ok", "since": today}
            ]
        },
        "another leg": {"transfer": [leg | {"key": one, "country": "GB", "since": today}]},
        "a leg begins later": {"transfer": [leg | {"key": one, "country": "IN", "since": later}]},
        "leg ends": {"transfer": [{"key": "news", "until": today, "entry": changed}]},
        "hop": {"sub_processing": [hop | {"key": "hop", "country": "GB", "since": today}]},
        "hop moves": {"sub_processing": [{"key": "hop", "country": "IN", "since": today, "entry": changed}]},
        "hop covered": {"safeguard": [_clauses(one, today, "eu-scc-2021", exporter="mailer", importer="below")]},
        "several": {
            "transfer": [leg | {"key": f"{one}-{n}", "country": "IN", "since": today} for n in range(3)],
            "sub_processing": [hop | {"key": f"{one}-{n}", "country": "IN", "since": today} for n in range(2)],
        },
    }
    return facts[what]


def _listing(key: str, framework: str, since: str) -> dict[str, Any]:
    row = {"key": key, "party": "mailer", "framework": framework, "status": "active", "since": since}
    return row | {"covers_hr": True, "covers_non_hr": True}


def _clauses(key: str, since: str, instrument: str, exporter: str = "house", importer: str = "mailer") -> dict[str, Any]:
    row = {"key": key, "exporter": exporter, "importer": importer, "instrument": instrument, "concluded_on": since}
    return row | {"module": "M2", "rank": "primary", "state": "signed", "since": since}


async def tell(tale: list[tuple[int, str]], era: str, looking: Callable[[date, bool], Awaitable[None]]) -> Told:
    """Writes a tale day by day in a new register; after each day's facts the watch may look. Returns what it told."""
    first = date.fromisoformat(era)
    await journal.open_register("cli:test", demo_from=datetime.combine(first - timedelta(days=1), time(8), UTC))
    await write(first - timedelta(days=1), opening(era))
    await looking(first - timedelta(days=1), True)
    for offset in range(LENGTH):
        day = first + timedelta(days=offset)
        for number, (on, what) in enumerate(tale):
            if on == offset:
                await write(day, fact(what, number, day))
        await looking(day, offset == LENGTH - 1)
    return await told()


async def write(day: date, tables: Tables) -> None:
    """One act on a day of the register's own clock."""
    checked = file.checked(tables)
    try:
        async with journal.writing("cli:test", "so") as book:
            await book.at.execute("select from journal_head for update")
            await journal.set_clock(book.at, datetime.combine(day, time(9), UTC))
            await file.write(book, checked, demo=True)
    except Refused:
        return


async def told() -> Told:
    """The alerts as they stand; an entry is named by its row, so that two registers can be compared."""
    async with database.as_known(None) as at:
        found = await alerts(law.load())
        rows = await at.fetch("""select sequence, "table" || ' ' || (image->>'key') || ' ' || kind from journal_entry""")
    entries = {str(row[0]): row[1] for row in rows}
    return sorted(
        (one.kind, re.sub(r"(?<=entry:)(\d+)(?:-(\d+))?", lambda span: _named(span, entries), one.cause)) for one in found
    )


def _named(span: re.Match[str], entries: dict[str, str]) -> str:
    return " to ".join(entries[number] for number in span.groups() if number)


async def daily(day: date, _: bool) -> None:
    await look(day, law.load())


async def twice(day: date, _: bool) -> None:
    await look(day, law.load())
    again = await look(day, law.load())
    assert (again.assessments, again.alerts, again.reviews) == (0, (), 0), "a second look found something"


async def three_at_once(day: date, _: bool) -> None:
    await asyncio.gather(*(look(day, law.load()) for _ in range(3)))


async def after_a_gap(day: date, last: bool) -> None:
    """Looks before the tale, and at its end."""
    if last:
        await look(day, law.load())


RHYTHMS = (daily, twice, three_at_once, after_a_gap)
