"""Flows stopped and taken up again (Clause 16(b); Art. 44): a judgement added, ended, and never edited."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date

from assessments.assess import Assessed, Clocks, assess_one
from assessments.dossier import STANDS, open_dossiers, parties
from assessments.tables import Suspension
from assessments.verdicts import Judge
from assessments.wording import written
from registry import adopted, journal, law, once
from registry.errors import Refused, Stale
from registry.journal import Book
from registry.tables import Transfer
from registry.vocabulary import RANKING, Outcome

NOTHING_ON_FILE = "no transfer of that key is recorded"
HINDERS = {Outcome.NOT_PERMITTED, Outcome.UNDETERMINED}


class Hindered(Refused):
    """A flow that may not go ahead, or is in doubt, by these verdicts: it is taken up again only where somebody says so."""

    def __init__(self, verdicts: Sequence[Assessed]) -> None:
        refused = any(one.path_outcome is Outcome.NOT_PERMITTED for one in verdicts)
        said = "this flow may not go ahead" if refused else "it is not known whether this flow may go ahead"
        way_out = "leave it stopped, or tick that you let it flow all the same"
        super().__init__(f"by its verdict of {written(verdicts[0].as_of)} {said}: {way_out}")
        self.verdicts = verdicts


async def stop(who: str, keys: Sequence[str], day: date, why: str, sent: str = "", leads_to: str = "") -> int:
    """Stops the flows from a day on, without an end; what was planned for later gives way. Returns how many were stopped.

    A flow that is stopped on the day without an end stays as it is. Raises Stale where every one of them is, Refused for a key
    that names no transfer, and for a day before a transfer's first.
    """
    async with journal.writing(who, why) as book:
        await once.take(book.at, sent, leads_to)
        rests_on = await journal.newest(book.at)
        ruling = await adopted.ruling(book, law.load())
        stopped = 0
        for key in sorted(set(keys)):
            thing = await _beginning_by(book, key, day)
            if not await _cleared(book, thing, day):
                continue
            row = {"key": f"{key[:150]}-{day}-{secrets.token_hex(3)}", "since": day.isoformat(), "transfer": thing}
            row |= {"reason": why, "rests_on": rests_on, "law_version": ruling.version}
            await book.record(Suspension, row)
            stopped += 1
        if not stopped:
            raise Stale("it was stopped meanwhile: see below since when and why", 0)
    return stopped


async def _beginning_by(book: Book, key: str, day: date) -> int:
    """The transfer of that key, held until the end. Raises Refused if there is none, or none yet on the day."""
    thing = await book.at.fetchval("select thing from transfer where key = $1 and thing = id for update", key)
    if thing is None:
        raise Refused(f"{Transfer.__name__.lower()} {key!r}: {NOTHING_ON_FILE}")
    first = await book.at.fetchval(f"select min(since) from transfer where thing = $1 and {STANDS}", thing)
    if first is None or day < first:
        begins = f"begins on {first}: name that day or a later one" if first else "counts on no day: there is nothing to stop"
        raise Refused(f"day: {day} will not do, transfer {key!r} {begins}")
    return int(thing)


async def _cleared(book: Book, thing: int, day: date) -> bool:
    """Makes room for a stop from the day on, so that no two overlap; False where one stands that has no end.

    A stop that reaches into the day ends there, and one that begins later counts on no day.
    """
    rows = await book.at.fetch(
        f"""select id, version, since, until from suspension where transfer = $1 and {STANDS}
        and (until is null or until > $2) order by since for update""",
        thing,
        day,
    )
    if any(row["until"] is None and row["since"] <= day for row in rows):
        return False
    for row in rows:
        await book.end(Suspension, [(row["id"], row["version"])], max(day, row["since"]))
    return True


async def resume(
    who: str,
    transfer: str,
    stopped: tuple[str, int],
    day: date,
    why: str,
    today: date,
    sent: str = "",
    leads_to: str = "",
    *,
    although: bool = False,
) -> None:
    """The data flow again from a day on; on the very day of the stop, the stop counts on no day. `stopped` is the stop, by
    key and version; `although` says that the flow is taken up again even where it may not go ahead, and is kept with the why.

    Raises Stale where somebody else ended it first, Refused for a day before the stop, Hindered where nothing was said of that
    the flow may not go ahead.
    """
    key, version = stopped
    async with journal.writing(who, why) as book:
        await once.take(book.at, sent, leads_to)
        stands = await book.at.fetchrow(
            """select id, version, since, until from suspension
            where key = $1 and transfer = (select id from transfer where key = $2 and thing = id) for update""",
            key,
            transfer,
        )
        if stands is None:
            raise Refused(f"suspension {key!r}: this transfer has no stop of that key")
        if stands["until"] is not None or stands["version"] != version:
            raise Stale("somebody else took it up again meanwhile: see below since when", stands["version"])
        if day < stands["since"]:
            raise Refused(f"the flow was stopped on {stands['since']}: name that day or a later one")
        hindered = await _hindered(transfer, day, today)
        if hindered and not although:
            raise Hindered(hindered)
        worst = min((one.path_outcome for one in hindered), key=RANKING.__getitem__, default=None)
        with book.speaking(None, f"{why} (let flow although {worst.replace('_', ' ')})" if worst else None):
            await book.end(Suspension, [(stands["id"], stands["version"])], day)


async def _hindered(transfer: str, day: date, today: date) -> list[Assessed]:
    """By which verdicts a flow may not go ahead, or is in doubt: those of the day, or of today where that has passed."""
    dossiers, judge = await open_dossiers([transfer]), Judge(law.load(), today)
    named = await parties(day, dossiers)
    for on in dict.fromkeys((day, max(day, today))):
        clocks = Clocks(on, None, today, today.isoformat())
        if found := hindering(one for each in dossiers for one in assess_one(each, judge, clocks, named, demo=False)):
            return found
    return []


def hindering(verdicts: Iterable[Assessed]) -> list[Assessed]:
    """Those by which a flow may not go ahead, or is in doubt; its chain included."""
    return [one for one in verdicts if one.path_outcome in HINDERS]
