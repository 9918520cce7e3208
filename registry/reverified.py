"""Re-verifications: that somebody looked a legal fact up again. A day counts only where it is later than what stands."""

from datetime import date

import asyncpg

from registry import journal, once
from registry.errors import Refused
from registry.journal import Book
from registry.law import Pack, verified
from registry.register import EARLIEST
from registry.tables import Reverification

_RECORDED = """select fact, max(verified_on) from reverification
where (until is null or until > since) and since <= $1 and verified_on <= $1 group by fact"""


async def recorded(at: asyncpg.Connection, by: date) -> dict[str, date]:
    """The last day on which each fact was looked up again, as recorded by a day; those alone that ever were."""
    return {fact: day for fact, day in await at.fetch(_RECORDED, by)}


async def record(
    who: str, pack: Pack, fact: str, on: date, seen: str, note: str = "", *, sent: str = "", leads_to: str = ""
) -> None:
    """Records that a fact was looked up on a day, and what was seen. Raises Refused, naming the field and the way out.

    The day must have come, and must be later than that of the file and of every earlier re-verification.
    """
    async with journal.writing(who) as book:
        await once.take(book.at, sent, leads_to)
        today = await journal.today(book.at)
        await _later(book, pack, fact, on, today)
        if not seen.strip():
            raise Refused("seen: say what you saw: the page or the text")
        row = {"key": f"{fact}:{on}", "since": today.isoformat(), "fact": fact, "verified_on": on.isoformat()}
        await book.record(Reverification, row | {"seen": seen.strip(), "note": note.strip() or None})


async def _later(book: Book, pack: Pack, fact: str, on: date, today: date) -> None:
    known = verified.facts(pack).get(fact)
    if known is None:
        named = "`onward law check` names those that are due, the pages of the law all of them"
        raise Refused(f"fact: no legal fact is called {fact[:80]!r}: {named}")
    await book.at.execute("select from journal_head for update")  # of two at once, the second sees the first
    stands = max(known.cited.verified_on, (await recorded(book.at, today)).get(fact, date.min))
    if on > today or on.isoformat() < EARLIEST:
        raise Refused(f"on: {on} will not do: name the day on which it was looked up, today ({today}) at the latest")
    if on <= stands:
        raise Refused(f"on: it was looked up on {stands} already: name a later day")
