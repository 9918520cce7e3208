"""The watch: one look at the register, which records what now reads otherwise and raises one alert for each cause.

All of a look is one transaction. It first claims the place where the last one stopped, so that of several processes one
alone does the work, and a look that is killed leaves nothing behind.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec

from assessments import reviews
from assessments.dossier import STANDS, open_dossiers
from assessments.rules import Dossier
from assessments.rules.onward import Hop
from assessments.tables import Alert, Assessment
from assessments.verdicts import Judge, Reading
from registry import journal
from registry.database import uncollected
from registry.errors import Misused
from registry.journal import Book, Row
from registry.law import ONE_DAY, Pack
from registry.vocabulary import AlertKind, EntryKind, Outcome

WHO = "system:watch"
THRESHOLDS = (1, 7, 30, 90)  # days ahead of an end, nearest first
SILENT = {Outcome.PERMITTED, Outcome.NO_TRANSFER, Outcome.MEASURES_REQUIRED}  # a first sight of these raises no alert
PAST_KINDS = {EntryKind.CORRECTED, EntryKind.VOIDED}

# Which column of an entry's image names what concerns a transfer: its importer or a hop beneath, its exporter, ...
BENEATH = {
    "party": ("thing",),
    "certification": ("party",),
    "safeguard": ("importer",),
    "impact_assessment": ("importer",),
    "sub_processing": ("processor", "sub_processor"),
}
OTHERS = {
    "regime_scope": ("exporter", "party"),
    "engagement": ("engagement", "thing"),
    "contract": ("engagement", "engagement"),
    "processing_activity": ("activity", "thing"),
    "transfer": ("transfer", "thing"),
    "suspension": ("transfer", "transfer"),
}
READ = [*BENEATH, *OTHERS, "notice"]


class Met(msgspec.Struct, frozen=True):
    """An entry that the watch had not seen, with the row before and after it."""

    sequence: int
    kind: str
    table: str
    image: Row
    before: Row | None

    @property
    def cause(self) -> str:
        return f"entry:{self.sequence}"


class Looked(msgspec.Struct, frozen=True):
    """What one look did, or would have done."""

    day: date
    sequence: int
    transfers: int
    assessments: int
    alerts: tuple[Row, ...]
    reviews: int
    again: bool = False


class Rehearsed(Exception):
    """Ends the transaction of a rehearsal."""


class Marks(msgspec.Struct, frozen=True):
    """Where the last look stood."""

    sequence: int
    day: date | None
    law_version: str
    first: bool


class Causes:
    """The alerts of one look, one for each cause, and which assessments each of them changed."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, cause: str, kind: AlertKind, subject: str, effect: date, **more: Any) -> str:
        key = fitted(cause)
        if key not in self.rows:
            self.rows[key] = {"key": key, "cause": fitted(cause), "kind": kind, "subject": subject, "effect": effect} | more
        return key


async def look(today: date, pack: Pack, *, rehearse: bool = False, clock: datetime | None = None) -> Looked:
    """One look: as of the day, by the law as known on it. A rehearsal writes nothing."""
    done: Looked | None = None
    while done is None:
        try:
            with uncollected():
                async with journal.writing(WHO) as book:
                    if clock is not None:
                        await book.at.execute("select from journal_head for update")
                        await journal.set_clock(book.at, clock)
                    marks = await _marks(book.at)
                    if marks.day is not None and today < marks.day:
                        raise Misused(f"the last look was on {marks.day}: name that day or a later one, not {today}")
                    done = await _look(book, marks, today, pack)
                    if rehearse:
                        await book.enter()
                        raise Rehearsed
        except Rehearsed:
            break
    assert done is not None  # noqa: S101
    return done


async def unseen(at: asyncpg.Connection, today: date, pack: Pack) -> list[str] | None:
    """The keys of the transfers that a look would judge now; None where it would judge all."""
    marks = await _marks(at)
    met = [] if marks.first else await _met(at, marks.sequence, await journal.newest(at))
    return await _keys(at, marks, await _touched(at, met), today, pack)


async def _keys(
    at: asyncpg.Connection, marks: Marks, touched: dict[str, list[Met]], today: date, pack: Pack
) -> list[str] | None:
    everything = marks.first or marks.law_version != pack.version or _published(pack, marks.day or today, today)
    return None if everything else sorted({*touched, *await _due(at, today)})


async def _marks(at: asyncpg.Connection) -> Marks:
    row = await at.fetchrow("select sequence, day, law_version from watched where id = 1")
    return Marks(0, None, "", True) if row is None else Marks(row[0], row[1], row[2], row[1] is None)


async def _look(book: Book, marks: Marks, today: date, pack: Pack) -> Looked | None:
    at = book.at
    newest = await journal.newest(at)
    if not await _claimed(at, marks, newest, today, pack):
        return None
    met = [] if marks.first else await _met(at, marks.sequence, newest)
    touched = await _touched(at, met)
    keys = await _keys(at, marks, touched, today, pack)
    dossiers = [] if keys == [] else await open_dossiers(keys)
    judge, causes = Judge(pack, today), Causes()
    for entry in met:
        _told(causes, entry)
    changed, ended, dues = await _judged(at, dossiers, judge, marks, today, met, touched, causes, keys)
    if not marks.first:
        await _past(at, marks, today, judge, met, touched, causes)
        if marks.law_version != pack.version:
            causes.add(f"law-pack:{pack.version}", AlertKind.LAW_PACK_CHANGED, f"law pack {pack.version[:12]}", today)
    await _endings(at, pack, today, causes)
    opened = await reviews.open_reviews(book, today, newest, pack)
    for one in await reviews.due(at, today):
        cause = f"day:review:{one.vendor}:{one.due}" + ("" if one.overdue else ":opened")
        kind = AlertKind.REVIEW_OVERDUE if one.overdue else AlertKind.REVIEW_DUE
        causes.add(cause, kind, f"review of {one.vendor}", one.due, vendor=one.thing)
    raised = await _raise(book, causes, today, newest, pack)
    await book.end(Assessment, ended, today)
    for row in changed:
        row |= {"alert": raised.get(row.pop("cause")), "rests_on": newest, "law_version": pack.version, "since": today}
    await book.record(Assessment, *changed)
    await _upsert(at, dues)
    new = tuple(row for row in causes.rows.values() if row.get("new"))
    await _deliver(at, [row["key"] for row in new])
    return Looked(today, newest, len({one.thing for one in dossiers}), len(changed), new, opened)


async def _claimed(at: asyncpg.Connection, marks: Marks, newest: int, today: date, pack: Pack) -> bool:
    """Whether this look is ours: the place of the last one is taken as it was read, or not at all."""
    await at.execute("insert into watched (id, sequence, day, law_version) values (1, 0, null, '') on conflict do nothing")
    claimed = await at.fetchval(
        "update watched set sequence = $1, day = $2, law_version = $3 "
        "where id = 1 and sequence = $4 and day is not distinct from $5 and law_version = $6 returning 1",
        newest,
        today,
        pack.version,
        marks.sequence,
        marks.day,
        marks.law_version,
    )
    return claimed is not None


async def _met(at: asyncpg.Connection, seen: int, newest: int) -> list[Met]:
    rows = await at.fetch(
        """select e.sequence, e.kind, e."table", e.image::text, (
            select b.image::text from journal_entry b
            where b."table" = e."table" and b."row" = e."row" and b.version = e.version - 1)
        from journal_entry e where e.sequence > $1 and e.sequence <= $2 and e."table" = any($3) order by e.sequence""",
        seen,
        newest,
        READ,
    )
    decode = msgspec.json.decode
    return [Met(row[0], row[1], row[2], decode(row[3]), row[4] and decode(row[4])) for row in rows]


async def _touched(at: asyncpg.Connection, met: Sequence[Met]) -> dict[str, list[Met]]:
    """The transfers that entries concern, by key, each with those entries in their order."""
    named: dict[str, dict[int, dict[int, Met]]] = defaultdict(lambda: defaultdict(dict))
    for entry in met:
        for image in (entry.image, entry.before or {}):
            for column in BENEATH.get(entry.table, ()):
                if image.get(column) is not None:
                    named["importer"][image[column]][entry.sequence] = entry
            if entry.table in OTHERS and image.get(OTHERS[entry.table][1]) is not None:
                named[OTHERS[entry.table][0]][image[OTHERS[entry.table][1]]][entry.sequence] = entry
    found: dict[str, dict[int, Met]] = defaultdict(dict)
    for concern, query in _CONCERNED.items():
        if concern in named:
            for thing, key in await at.fetch(query, list(named[concern])):
                found[key] |= named[concern][thing]
    return {key: [entries[number] for number in sorted(entries)] for key, entries in found.items()}


_CONCERNED = {
    "importer": """with recursive up(origin, party) as (
        select p, p from unnest($1::bigint[]) p
        union select u.origin, s.processor from sub_processing s join up u on s.sub_processor = u.party
    ) select distinct u.origin, t.key from up u join transfer t on t.importer = u.party""",
    "exporter": "select distinct exporter, key from transfer where exporter = any($1::bigint[])",
    "engagement": "select distinct engagement, key from transfer where engagement = any($1::bigint[])",
    "activity": """select distinct e.activity, t.key from engagement e join transfer t on t.engagement = e.thing
        where e.activity = any($1::bigint[])""",
    "transfer": "select distinct thing, key from transfer where thing = any($1::bigint[])",
}


def _published(pack: Pack, since: date, today: date) -> bool:
    """Whether law became known since the last look: nobody could have known then what would be due by it."""
    known = {event.known for one in pack.instruments.values() for event in one.events}
    known |= {day for one in pack.instruments.values() for scope in one.scope for day in (scope.known, scope.until_known)}
    known |= {day for one in pack.memberships for day in (one.known, one.until_known)}
    return any(since < day <= today for day in known)


async def _due(at: asyncpg.Connection, today: date) -> list[str]:
    rows = await at.fetch("select t.key from due d join transfer t on t.id = d.transfer where d.day <= $1", today)
    return [row[0] for row in rows]


def _told(causes: Causes, entry: Met) -> None:
    """What is worth telling of an entry by itself: a hop of the chain, a notice."""
    effect = date.fromisoformat(entry.image["since"])
    subject = f"{entry.table} {entry.image['key']} {entry.kind}"
    if entry.table == "notice" and entry.kind == EntryKind.RECORDED:
        causes.add(entry.cause, AlertKind.NOTICE_RECEIVED, subject, effect, vendor=entry.image["vendor"])
    elif entry.table == "sub_processing" and entry.kind != EntryKind.ERASED:
        ended = entry.kind == EntryKind.CHANGED and entry.image["until"] is not None
        if not ended:
            causes.add(entry.cause, AlertKind.ONWARD_TRANSFER, subject, effect, party=entry.image["processor"])


Recorded = tuple[int, int, date, str, str, str | None, date | None, frozenset[str]]


async def _judged(
    at: asyncpg.Connection,
    dossiers: Sequence[Dossier],
    judge: Judge,
    marks: Marks,
    today: date,
    met: Sequence[Met],
    touched: dict[str, list[Met]],
    causes: Causes,
    keys: Sequence[str] | None,
) -> tuple[list[Row], list[tuple[int, int]], dict[int, date | None]]:
    """The assessments to record, those to end, and the next day of each transfer looked at."""
    things = None if keys is None else sorted({one.thing for one in dossiers})
    last = await _recorded(at, things)
    entries = await _entries(at, things) if dossiers else {}
    changed: list[Row] = []
    ended: list[tuple[int, int]] = []
    dues: dict[int, date | None] = {one.thing: None for one in dossiers}
    for one in dossiers:
        days = [one.route.since if one.route.since > today else None]
        for reading in judge.readings(one, today):
            days.append(judge.next_change(one, reading, today))
            regime = reading.regime or ""
            before = last.pop((one.thing, regime), None)
            leg = reading.leg.verdict
            codes = frozenset(finding.code for finding in leg.judged.findings)
            now = (reading.outcome, reading.path_outcome, leg.judged.basis, leg.last_day, codes)
            if before is not None and now == before[3:]:
                continue
            cause = None
            if before is not None:
                ended.append(before[:2])
                if now[:3] != before[3:6] or codes != before[7]:
                    cause = _cause(one, reading, before, judge, marks, today, touched, causes)
            elif reading.path_outcome not in SILENT:
                cause = causes.add(
                    f"entry:{entries[one.thing]}",
                    AlertKind.VERDICT_CHANGED,
                    f"transfer {one.key}",
                    today,
                    transfer=one.thing,
                )
            changed.append(
                {
                    "key": fitted(f"{one.key}:{regime}:{today}:{marks.sequence}"),
                    "transfer": one.thing,
                    "regime": regime,
                    "outcome": now[0],
                    "path_outcome": now[1],
                    "basis": now[2],
                    "last_day": now[3],
                    "codes": sorted(codes),
                    "cause": cause,
                }
            )
        soonest = [day for day in (dues[one.thing], *days) if day is not None]
        dues[one.thing] = min(soonest, default=None)
    ended += [row[:2] for row in last.values()]
    return changed, ended, dues


async def _recorded(at: asyncpg.Connection, things: list[int] | None) -> dict[tuple[int, str], Recorded]:
    rows = await at.fetch(
        "select transfer, regime, id, version, since, outcome, path_outcome, basis, last_day, codes from assessment "
        "where until is null" + (" and transfer = any($1::bigint[])" if things is not None else ""),
        *([] if things is None else [things]),
    )
    return {(row[0], row[1]): (*row[2:9], frozenset(row[9] or ())) for row in rows}


async def _entries(at: asyncpg.Connection, things: list[int] | None) -> dict[int, int]:
    """The entry by which each transfer came into the register."""
    rows = await at.fetch(
        """select "row", sequence from journal_entry where "table" = 'transfer' and version = 1"""
        + (' and "row" = any($1::bigint[])' if things is not None else ""),
        *([] if things is None else [things]),
    )
    return {row[0]: row[1] for row in rows}


def _cause(
    one: Dossier,
    reading: Reading,
    before: Recorded,
    judge: Judge,
    marks: Marks,
    today: date,
    touched: dict[str, list[Met]],
    causes: Causes,
) -> str:
    """Why a verdict is another one than the last recorded: an event of the law, an entry, or a day that was reached."""
    since = marks.day or before[2]
    hops = reading.path()
    named = [before[5], *(finding.instrument for hop in hops for finding in hop.verdict.judged.findings)]
    for key in dict.fromkeys(name for name in named if name):
        instrument = judge.pack.instruments.get(key)
        for event in instrument.events if instrument else ():
            if since < max(event.known, event.effect) <= today:
                return causes.add(
                    f"law:{key}:{event.what}:{event.effect}",
                    AlertKind.VERDICT_CHANGED,
                    event.citation,
                    event.effect,
                    instrument=key,
                )
    if one.key in touched:
        entry = touched[one.key][-1]
        subject = f"{entry.table} {entry.image['key']} {entry.kind}"
        return causes.add(entry.cause, AlertKind.VERDICT_CHANGED, subject, date.fromisoformat(entry.image["since"]))
    if (reached := _reached(one, hops, since, today)) is not None:
        what, key, day = reached
        return causes.add(f"day:{what}:{key}:{day}", AlertKind.VERDICT_CHANGED, f"{what} {key}", day)
    if marks.law_version != judge.pack.version and not marks.first:
        version = judge.pack.version
        return causes.add(f"law-pack:{version}", AlertKind.LAW_PACK_CHANGED, f"law pack {version[:12]}", today)
    return causes.add(f"day:transfer:{one.key}:{today}", AlertKind.VERDICT_CHANGED, f"transfer {one.key}", today)


def _reached(one: Dossier, hops: Iterable[Hop], since: date, today: date) -> tuple[str, str, date] | None:
    """The row whose day came between two looks: a listing that was due, clauses that began or ended."""
    routes = [one.route, *(hop.route for hop in hops), *one.hops.get(one.route.importer, ())]
    for route in routes:
        for listing in route.between.listings:
            due = listing.next_due + ONE_DAY if listing.next_due else None
            for day in (due, listing.until, listing.since):
                if day is not None and since < day <= today:
                    return "certification", listing.key, day
        for signed in route.between.clauses:
            for day in (signed.until, signed.since, signed.concluded_on):
                if day is not None and since < day <= today:
                    return "safeguard", signed.key, day
    return None


async def _past(
    at: asyncpg.Connection,
    marks: Marks,
    today: date,
    judge: Judge,
    met: Sequence[Met],
    touched: dict[str, list[Met]],
    causes: Causes,
) -> None:
    """A correction, or a fact recorded late, that makes a past day read otherwise than it did at the last look."""
    last = marks.day or today
    late = {entry.sequence: entry for entry in met if entry.kind in PAST_KINDS or entry.image["since"] <= last.isoformat()}
    late_of = {key: entry for key, entries in touched.items() for entry in entries if entry.sequence in late}
    if not late_of:
        return
    days = {last} | {day for entry in late.values() for day in _days(entry) if day <= last}
    days |= {day for day in judge.pack.change_days if min(days) <= day <= last}
    now = await open_dossiers(sorted(late_of))
    await at.execute(f"set local onward.known_on = '{marks.sequence:d}'")
    await at.execute("set local search_path = known, public")
    then = await open_dossiers(sorted(late_of))
    await at.execute("set local search_path = public")
    was, known = _readings(then, judge, days), {one.key for one in then}
    for place, verdict in _readings(now, judge, days).items():
        if place[0] in known and place in was and was[place] != verdict:
            entry = late_of[place[0]]
            key = causes.add(entry.cause, AlertKind.PAST_CHANGED, f"{entry.table} {entry.image['key']} {entry.kind}", place[2])
            causes.rows[key]["kind"] = AlertKind.PAST_CHANGED


def _days(entry: Met) -> Iterable[date]:
    for image in (entry.image, entry.before or {}):
        for column in ("since", "until", "concluded_on", "changed_on", "next_due"):
            if image.get(column) is not None:
                yield date.fromisoformat(image[column]) + (ONE_DAY if column == "next_due" else timedelta())


def _readings(dossiers: Iterable[Dossier], judge: Judge, days: Iterable[date]) -> dict[tuple[str, str | None, date], Any]:
    return {
        (one.key, reading.regime, day): (reading.outcome, reading.path_outcome, reading.leg.verdict.judged.basis)
        for day in sorted(days)
        for one in dossiers
        for reading in judge.readings(one, day)
    }


async def _endings(at: asyncpg.Connection, pack: Pack, today: date, causes: Causes) -> None:
    """Listings, clauses and instruments of the law that will end: the nearest threshold that is reached, and no other."""
    horizon = today + timedelta(days=max(THRESHOLDS))
    listings = await at.fetch(
        f"""select key, least(next_due, until - 1), framework, party from certification
        where {STANDS} and status like 'active%' and since <= $1 and least(next_due, until - 1) between $1 and $2""",
        today,
        horizon,
    )
    signed = await at.fetch(
        f"""select key, until - 1, instrument, importer from safeguard
        where {STANDS} and state = 'signed' and since <= $1 and until - 1 between $1 and $2""",
        today,
        horizon,
    )
    for what, kind, rows in (
        ("certification", AlertKind.LISTING_ENDING, listings),
        ("safeguard", AlertKind.SAFEGUARD_ENDING, signed),
    ):
        for key, last, instrument, party in rows:
            day = threshold(last, today)
            causes.add(f"day:{what}:{key}:{day}", kind, f"{what} {key}", last, instrument=instrument, party=party)
    law = pack.on(today, today)
    for (basis,) in await at.fetch("select distinct basis from assessment where until is null and last_day >= $1", today):
        standing = law.standing(basis) if basis in pack.instruments else None
        if standing is not None and standing.last_day is not None and today <= standing.last_day <= horizon:
            day = threshold(standing.last_day, today)
            subject = f"{standing.instrument.title}: {standing.event.citation}"
            causes.add(f"day:law:{basis}:{day}", AlertKind.SAFEGUARD_ENDING, subject, standing.last_day, instrument=basis)


def threshold(last: date, today: date) -> date:
    """The day of the nearest threshold before a last day that has been reached."""
    return last - timedelta(days=next(days for days in THRESHOLDS if (last - today).days <= days))


async def _raise(book: Book, causes: Causes, today: date, newest: int, pack: Pack) -> dict[str | None, int]:
    """Records the alerts that are not there yet; returns the thing of every one by its key."""
    if not causes.rows:
        return {}
    found = await book.at.fetch("select key, thing from alert where key = any($1) and thing = id", list(causes.rows))
    things: dict[str | None, int] = {row[0]: row[1] for row in found}
    fresh = [row for key, row in causes.rows.items() if key not in things]
    parties = sorted({row["party"] for row in fresh if "party" in row})
    vendors = dict(
        await book.at.fetch("select party, min(thing) from vendor where party = any($1::bigint[]) group by party", parties)
    )
    for row in fresh:
        row |= {"vendor": row.get("vendor") or vendors.get(row.get("party")), "since": today, "new": True}
        row |= {"rests_on": newest, "law_version": pack.version}
    written = await book.record(Alert, *fresh)
    return things | {row["key"]: row["thing"] for row in written}


async def _upsert(at: asyncpg.Connection, dues: dict[int, date | None]) -> None:
    known = {thing: day for thing, day in dues.items() if day is not None}
    await at.execute("delete from due where transfer = any($1::bigint[])", [thing for thing in dues if thing not in known])
    await at.execute(
        "insert into due (transfer, day) select * from unnest($1::bigint[], $2::date[]) "
        "on conflict (transfer) do update set day = excluded.day",
        list(known),
        list(known.values()),
    )


async def _deliver(at: asyncpg.Connection, keys: list[str]) -> None:
    """Puts new alerts on their way: to everybody who is a data protection officer, and to the vendor's owner."""
    await at.execute(
        f"""insert into delivery (alert, person, channel, made, tries, error)
        select a.key, p.key, 'mail', clock_timestamp(), 0, ''
        from alert a join person p on p.email is not null and p.email <> '' and (p.until is null) and {_MEANT}
        where a.key = any($1)""",
        keys,
    )


_MEANT = """(p.role = 'dpo' or p.thing in (select v.owner from vendor v where v.thing = a.vendor and v.until is null))"""


def fitted(key: str) -> str:
    """A key that fits its column."""
    return key if len(key) <= 200 else f"{key[:130]}:{sha256(key.encode()).hexdigest()}"
