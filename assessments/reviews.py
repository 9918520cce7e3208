"""Re-verification: how often a vendor is looked at again, what must be confirmed, and how a round is completed."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import asyncpg
import msgspec

from assessments.dossier import STANDS
from assessments.tables import Alert, Review
from registry import documents, journal, once
from registry.documents import File
from registry.errors import Refused, Stale
from registry.journal import Book, Row
from registry.law import ONE_DAY, Pack
from registry.register import MOST_MONTHS
from registry.vocabulary import AlertKind

NAMED = "(select name from party where thing = v.party order by since <= $1 desc, since desc limit 1)"
AHEAD = timedelta(days=30)
TIERS = (("high", 6, 12), ("medium", 3, 24), ("low", 0, 36))  # name, points from, months between two reviews
SHORTEST = min(months for *_, months in TIERS)
NO_DOCUMENT = "No document; looked at instead: "
ASKED = ("undertakings", "safeguards", "listing", "assurances", "sub_processors", "contract")


class Facts(msgspec.Struct, frozen=True):
    """What the tier of a vendor is reckoned from."""

    special_categories: bool
    third_country: bool
    data_categories: int
    role: str | None
    certified: bool
    sub_processors: int


class Tier(msgspec.Struct, frozen=True):
    """How closely a vendor is watched, with the points that add up to it."""

    points: tuple[tuple[str, int], ...]
    name: str
    months: int


class Due(msgspec.Struct, frozen=True):
    """When a vendor is to be reviewed next: so many months from a day; `reason` says why these are not its tier's."""

    vendor: str
    name: str
    tier: Tier
    due: date
    counted_from: date
    months: int
    reason: str | None


class Round(msgspec.Struct, frozen=True):
    """A round that is open."""

    vendor: str
    name: str
    thing: int
    due: date
    overdue: bool


class Evidence(msgspec.Struct, frozen=True):
    """On what a round is completed: a document on file, a file that is brought, or what was looked at instead of one."""

    document: str | None = None
    file: File | None = None
    instead: str | None = None


def tier(facts: Facts) -> Tier:
    """Adds up what makes a vendor weigh: every reason stands with its points."""
    asked = (
        ("special categories of data (Art. 9)", 3, facts.special_categories),
        ("data leave the European Economic Area", 2, facts.third_country),
        ("five or more categories of data", 1, facts.data_categories >= 5),
        ("decides itself what the data are used for", 1, facts.role in {"controller", "joint_controller", "recipient"}),
        ("its role is not recorded", 1, facts.role is None),
        ("no certificate on file", 1, not facts.certified),
        ("passes data on to sub-processors", 1, facts.sub_processors > 0),
    )
    points = tuple((reason, count) for reason, count, holds in asked if holds)
    total = sum(count for _, count in points)
    name, _, months = next(one for one in TIERS if total >= one[1])
    return Tier(points, name, months)


def after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


async def facts(at: asyncpg.Connection, today: date, pack: Pack, vendors: list[int] | None = None) -> dict[int, Facts]:
    """What is on file about these vendors on the day, or about every one that stands, in one query."""
    rows = await at.fetch(
        """select v.thing,
            bool_or(coalesce(cardinality(e.special_categories), 0) > 0),
            coalesce(max(cardinality(e.data_categories)), 0),
            max(e.role),
            bool_or(exists (select from certification c where c.party = v.party and c.status like 'active%' and
                c.since <= $1 and (c.until is null or c.until > $1))),
            max((select count(*) from sub_processing s where s.processor = v.party and
                s.since <= $1 and (s.until is null or s.until > $1))),
            array_agg(distinct t.country) filter (where t.country is not null)
        from vendor v
        left join engagement e on e.vendor = v.thing and e.since <= $1 and (e.until is null or e.until > $1)
        left join transfer t on t.engagement = e.thing and t.since <= $1 and (t.until is null or t.until > $1)
        where v.since <= $1 and (v.until is null or v.until > $1) and ($2::bigint[] is null or v.thing = any($2))
        group by v.thing""",
        today,
        vendors,
    )
    law = pack.on(today, today)
    return {
        row[0]: Facts(
            bool(row[1]), any("EEA" not in law.areas(one) for one in row[6] or ()), row[2], row[3], bool(row[4]), row[5]
        )
        for row in rows
    }


async def next_dues(
    at: asyncpg.Connection, today: date, pack: Pack, *, vendor: int | None = None, unopened: bool = False
) -> dict[int, Due]:
    """The next review of this vendor, or of each that stands: from the last completed one, or from its first day.

    Months of its own hold instead of its tier's where a reason is given for them. `unopened` leaves out who has an open
    round, and whose next cannot be near by the shortest of all tiers: those alone are looked at whose round may be opened.
    """
    rows = await at.fetch(
        f"""select v.thing, v.key, coalesce({NAMED}, v.key) as name, v.review_months, v.review_reason,
            coalesce(c.on, f.since) as since
        from vendor v
        left join (select vendor, max(completed_on) as on from review where completed_on is not null and {STANDS}
            group by vendor) c on c.vendor = v.thing
        join (select thing, min(since) as since from vendor group by thing) f on f.thing = v.thing
        where v.since <= $1 and (v.until is null or v.until > $1) and ($3::bigint is null or v.thing = $3)
        and not ($2 and exists (
            select from review r where r.vendor = v.thing and r.completed_on is null and r.until is null))
        order by v.key""",
        today,
        unopened,
        vendor,
    )
    if unopened:
        rows = [row for row in rows if row["review_months"] is not None or after(row["since"], SHORTEST) - AHEAD <= today]
    reckoned = await facts(at, today, pack, [row["thing"] for row in rows] if unopened or vendor else None)
    found = {}
    for thing, key, name, months, reason, since in rows:
        holds = months is not None and 1 <= months <= MOST_MONTHS and bool((reason or "").strip())
        weighed = tier(reckoned[thing])
        counted = months if holds else weighed.months
        found[thing] = Due(key, name, weighed, after(since, counted), since, counted, reason if holds else None)
    return found


async def open_reviews(book: Book, today: date, rests_on: int, pack: Pack) -> int:
    """Opens the rounds that are due within thirty days and not open yet."""
    following = await next_dues(book.at, today, pack, unopened=True)
    dues = {thing: due for thing, due in following.items() if due.due - AHEAD <= today}
    keys = [f"{due.vendor}:{due.due}" for due in dues.values()]
    there = {row[0] for row in await book.at.fetch("select key from review where key = any($1)", keys)}
    fresh: list[Row] = [
        {"key": key, "vendor": thing, "due": due.due, "since": today, "rests_on": rests_on, "law_version": pack.version}
        for key, (thing, due) in zip(keys, dues.items(), strict=True)
        if key not in there
    ]
    await book.record(Review, *fresh)
    return len(fresh)


async def due(at: asyncpg.Connection, today: date, *, untold: bool = False) -> list[Round]:
    """The rounds that are open of vendors that stand, and whether their day is over; or those that no alert tells of so."""
    rows = await at.fetch(
        f"""select v.key, coalesce({NAMED}, v.key), v.thing, r.due from review r join vendor v on v.thing = r.vendor
            and v.since <= $1 and (v.until is null or v.until > $1)
        where r.completed_on is null and r.until is null and not ($2 and exists (select from alert a
            where a.key = 'day:review:' || v.key || ':' || r.due || case when r.due < $1 then '' else ':opened' end))
        order by r.due, v.key""",
        today,
        untold,
    )
    return [Round(key, name, thing, due, due < today) for key, name, thing, due in rows]


async def the_round(at: asyncpg.Connection, vendor: str, due: date, today: date) -> tuple[Round, Row | None] | None:
    """One round, open or not, and how it was completed: by whom, when, accepted or not. None where there was none."""
    row = await at.fetchrow(
        f"""select coalesce({NAMED}, v.key) as name, v.thing, c.key, c.completed_on, c.accepted, c.findings,
            coalesce((select coalesce(name, key) from person where thing = c.completed_by order by since desc limit 1),
                (select e.who from public.journal_entry e where e."table" = 'review' and e."row" = c.id limit 1)) as by
        from review r join vendor v on v.thing = r.vendor and v.id = v.thing
        left join (select * from review where completed_on is not null and {STANDS}) c on c.vendor = r.vendor and c.due = r.due
        where r.key = $2 and (r.until is null or r.until > r.since) limit 1""",
        today,
        f"{vendor}:{due}",
    )
    if row is None:
        return None
    return Round(vendor, row["name"], row["thing"], due, due < today), dict(row) if row["key"] else None


async def on_file(at: asyncpg.Connection, vendor: str) -> list[tuple[str, str]]:
    """The documents of a vendor that may be evidence, key and title: those its records name, and those of earlier rounds."""
    named = {one["key"]: one["title"] or one["file_name"] or one["key"] for one in await documents.named_by(at, vendor)}
    earlier = await at.fetch(
        """select d.key, coalesce(d.title, d.file_name, d.key) from review r join document d on d.thing = r.document
        where r.vendor = (select thing from vendor where key = $1 and id = thing)
        and (r.until is null or r.until > r.since) and d.id = d.thing""",
        vendor,
    )
    return sorted((dict(earlier) | named).items(), key=lambda one: str(one[1]).casefold())


async def to_confirm(at: asyncpg.Connection, vendor: str, today: date) -> Mapping[str, list[dict[str, Any]]]:
    """What must be confirmed again (`ASKED`), as it stands in the register on the day."""
    holds = f"{STANDS} and since <= $2 and (until is null or until > $2)"
    of_party = f"select party from vendor where key = $1 and {STANDS}"
    of_vendor = "select thing from vendor where key = $1"
    of_engagements = f"select thing from engagement where vendor in ({of_vendor})"
    who = "(select p.name from party p where p.thing = sub_processing.sub_processor order by p.since desc limit 1)"
    measure = "(select m.name from measure m where m.thing = assurance.measure order by m.since desc limit 1)"
    asked = {
        "undertakings": f"select key, only_our_purpose, stays_in_framework, tells_us from contract where {holds} "
        f"and engagement in ({of_engagements})",
        "safeguards": f"select key, instrument, state, concluded_on from safeguard where {holds} and importer in ({of_party})",
        "listing": f"select key, framework, status, next_due, looked_up_on from certification where {holds} "
        f"and party in ({of_party})",
        "assurances": f"select key, {measure} as measure, as_strong, evidence, since, $2 - since as age_in_days from assurance "
        f"where {holds} and vendor in ({of_vendor})",
        "sub_processors": f"select key, {who} as name, country, authorisation, bound_alike from sub_processing where {holds} "
        f"and processor in ({of_party})",
        "contract": f"select key, signed_on, authorisation, notice_days from contract where {holds} "
        f"and engagement in ({of_engagements})",
    }
    return {
        what: [dict(row) for row in await at.fetch(f"{query} order by key", vendor, today)] for what, query in asked.items()
    }


_TOLD = f"""select id, version from alert
where vendor = $1 and effect = $2 and kind in ('{AlertKind.REVIEW_DUE}', '{AlertKind.REVIEW_OVERDUE}') and until is null"""


async def complete_review(
    who: str,
    vendor: str,
    due: date,
    accepted: bool,
    confirmed: list[str],
    findings: str,
    evidence: Evidence,
    on: date,
    sent: str = "",
) -> Row:
    """Says how a round was completed, and ends the one that was opened with the alerts that told of it.

    Raises Refused, naming the field: for a round accepted though not all was confirmed, or without evidence; Stale for one
    that is not open any more.
    """
    _complete(accepted, confirmed, findings, evidence)
    async with journal.writing(who, "review completed") as book:
        await once.take(book.at, sent, "/reviews")
        opened = await journal.current(book.at, Review, f"{vendor}:{due}")
        await book.at.execute("select from review where id = $1 for update", opened["id"])
        opened = await journal.current(book.at, Review, f"{vendor}:{due}")
        if opened["until"] is not None:
            raise Stale(f"review {vendor}:{due}: it was completed already", opened["version"])
        if on.isoformat() < opened["since"]:
            raise Refused(f"on: the round was opened on {opened['since']}: name that day or a later one")
        person = await book.at.fetchval("select thing from person where key = $1 limit 1", who)
        row = {"key": f"{vendor}:{due}:completed", "vendor": opened["vendor"], "due": due, "since": on, "completed_on": on}
        row |= {"accepted": accepted, "completed_by": person, "confirmed": confirmed, "findings": findings}
        if evidence.instead:
            row["findings"] = f"{findings}\n\n{NO_DOCUMENT}{evidence.instead}"
        row |= {"document": await _evidenced(book, vendor, evidence)}
        row |= {"rests_on": await journal.newest(book.at), "law_version": opened["law_version"]}
        (written,) = await book.record(Review, row)
        await book.change(Review, opened, on + ONE_DAY)
        told = await book.at.fetch(_TOLD, opened["vendor"], due)
        await book.end(Alert, [(row["id"], row["version"]) for row in told], on + ONE_DAY)
        return written


def _complete(accepted: bool, confirmed: list[str], findings: str, evidence: Evidence) -> None:
    """Whether a round says all that it must. Raises Refused, naming the field and the way out."""
    if strange := [one for one in confirmed if one not in ASKED]:
        raise Refused(f"confirmed: {strange[0]!r} is not asked; asked are {', '.join(ASKED)}")
    if accepted and (left := [one.replace("_", " ") for one in ASKED if one not in confirmed]):
        raise Refused(f"confirmed: {', '.join(left)} not confirmed: confirm each, or say that it is not accepted")
    if not findings:
        raise Refused("findings: say what was confirmed, and on what evidence")
    if accepted and evidence == Evidence():
        raise Refused("evidence: choose a document on file, bring a file, or say what was looked at instead of a document")


async def _evidenced(book: Book, vendor: str, evidence: Evidence) -> int | None:
    """The document that a round rests on; a file that is brought is filed with it, and goes before one that was chosen."""
    if evidence.file:
        return int((await documents.file(book, evidence.file))["thing"])
    if not evidence.document:
        return None
    if evidence.document not in dict(await on_file(book.at, vendor)):
        raise Refused(f"document: {evidence.document!r}: nothing of that key is on the vendor's file: choose another one")
    return int(await book.at.fetchval("select thing from document where key = $1 limit 1", evidence.document))
