"""Impact assessments as they stand on a day: draft, ok, problematic, superseded or overdue, and what moved beneath them.

The state is what a person reads; what the rules read is the outcome and the measures of those that are no draft.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import msgspec

from assessments.dossier import GRAVE
from registry.law import Pack, dossiers
from registry.law.dossiers import Dossier, Paragraph
from registry.vocabulary import ImpactOutcome, ImpactStandard

AHEAD = timedelta(days=30)  # how long before its day a next look is told
DRAFT, LATER, SUPERSEDED, OVERDUE = "draft", "later", "superseded", "overdue"
MOST = 1_000  # so many are listed; of all of them it is said how many they are
GUARANTEES = (  # EDPB Recommendations 02/2020: the four that the law and practice of the country must give
    ("clear rules", "clear_rules"),
    ("no more than necessary", "proportionate"),
    ("independent oversight", "overseen"),
    ("remedies", "remedies"),
)
FEW = 3  # so many of a kind are named

_MOVED = r"""(i.dossier_version < n.version and i.dossier_version ~ '^[A-Z]{2}(-[A-Z]{3})? \d{4}-\d\d-\d\d$'
    and starts_with(i.dossier_version, i.country || ' '))"""


def _standing(asked: str) -> str:
    """Completed assessments of which something is asked, that stand on the day ($1) and that no other replaced by then.

    $2, $3 are the countries that have a dossier and its newest version. What is asked is looked at first: few meet it.
    """
    return f"""(
    select i.* from impact_assessment i left join unnest($2::text[], $3::text[]) n(country, version) on n.country = i.country
    where (i.until is null or (i.until > i.since and i.until > $1)) and i.since <= $1 and i.draft is not true and {asked}
    offset 0) i
where not exists (select from impact_assessment o where o.exporter = i.exporter and o.importer = i.importer
    and o.country = i.country and coalesce(o.standard, 'tia') = coalesce(i.standard, 'tia')
    and o.draft is not true and o.since <= $1 and (o.until is null or o.until > $1)
    and (o.since, {GRAVE.format("o")}, o.id) > (i.since, {GRAVE.format("i")}, i.id))"""


_AGED = _standing(f"""(i.next_review <= $4 or {_MOVED}) and ($5::bigint is null or i.importer = $5) and ($6 = '' or exists (
    select from party p where p.thing = i.importer and position(lower($6) in lower(p.name)) > 0))""")
_LISTED = f"""
select i.*, coalesce((select name from party where thing = i.importer order by since <= $1 desc, since desc limit 1), '')
    as importer_name
from (select i.* from {_AGED} order by i.key limit {MOST}) i order by i.key"""
_NEAR = f"""
select i.key, i.next_review, (select min(thing) from vendor v where v.party = i.importer) as vendor
from {_standing("i.next_review <= $4")} and not exists (select from alert a where a.key = concat(
    'day:impact_assessment:', i.key, ':', i.next_review, case when i.next_review >= $1 then ':-30' end))
order by i.key"""
_GROUPED = f"""
select i.country, i.dossier_version, count(*), (array_agg(i.key order by i.key))[1:{FEW}] from {_standing(_MOVED)}
group by i.country, i.dossier_version order by 1, 2"""


class Aged(msgspec.Struct, frozen=True):
    """A standing assessment that asks for another look: its day is near or past, or paragraphs moved beneath it."""

    key: str
    importer_name: str
    country: str
    version: str | None
    next_review: date | None
    overdue: bool
    moved: tuple[Paragraph, ...]


class Cited(msgspec.Struct, frozen=True):
    """A version of a dossier that standing assessments cite, and what moved since; `keys` names the first few of them."""

    country: str
    version: str
    count: int
    keys: tuple[str, ...]
    moved: tuple[Paragraph, ...]


class Near(msgspec.Struct, frozen=True):
    """A standing assessment whose next look is due or past, and nobody was told."""

    key: str
    next_review: date
    vendor: int | None


def state(one: Mapping[str, Any], others: Sequence[Mapping[str, Any]], day: date) -> str:
    """What an assessment is on a day: draft, of a later day, superseded by another of its route, overdue, or what it found.

    The day of the next look is itself in time (Clause 14(e); EDPB Recommendations 01/2020, step 6).
    """
    if one["draft"]:
        return DRAFT
    if one["since"] > day:
        return LATER
    ended = one["until"] is not None and one["until"] <= day
    if ended or any(_follows(other, one, day) for other in others):
        return SUPERSEDED
    if one["next_review"] is not None and one["next_review"] < day:
        return OVERDUE
    return str(one["outcome"])


def unsaid(one: Mapping[str, Any]) -> tuple[str, ...]:
    """What an assessment does not say of how it came to its finding; the four guarantees are asked of the EU's test alone."""
    of_union = (one["standard"] or ImpactStandard.TIA) == ImpactStandard.TIA
    lacking = [f"“{name}”" for name, column in GUARANTEES if one[column] is False]
    at_odds = bool(lacking) and one["outcome"] == ImpactOutcome.OK
    parts = (
        (f"why nothing is problematic with a no to {' and '.join(lacking)}", not at_odds or bool(one["practice_evidence"])),
        ("the laws looked at", bool(one["laws_assessed"])),
        *((name, not of_union or one[column] is not None) for name, column in GUARANTEES),
        ("who approved it", bool(one["approver"])),
        ("the next look", one["next_review"] is not None),
    )
    return tuple(part for part, said in parts if not said)


def _follows(other: Mapping[str, Any], one: Mapping[str, Any], day: date) -> bool:
    """Whether another assessment of the same route by the same test took the place of one by the day."""
    if other["draft"] or any(other[name] != one[name] for name in ("exporter", "importer", "country")):
        return False
    if (other["standard"] or ImpactStandard.TIA) != (one["standard"] or ImpactStandard.TIA):
        return False
    stands = other["since"] <= day and (other["until"] is None or other["until"] > day)
    return bool(stands and _place(other) > _place(one))


def _place(one: Mapping[str, Any]) -> tuple[date, int, int]:
    """Among the assessments of a route the one with the last place counts: the newest, of one day the gravest (`GRAVE`)."""
    grave = 0 if one["outcome"] == "ok" else {"effective": 1, "ineffective": 3}.get(one["measures"], 2)
    return one["since"], grave, one["id"]


def moved_beneath(one: Mapping[str, Any], on_file: dict[str, Dossier], known_on: date) -> tuple[Paragraph, ...]:
    """The paragraphs of the dossier that moved since the version it cites."""
    return dossiers.moved(on_file, one["dossier_version"], one["country"], known_on)


async def aged(
    at: asyncpg.Connection, pack: Pack, day: date, importer: int | None = None, known_on: date = date.max, sought: str = ""
) -> list[Aged]:
    """The first thousand standing assessments that ask for another look on the day, in the order of their keys.

    Of one importer, or of those with `sought` in their name. Dossiers are read as known by the day, or an earlier one.
    """
    on_file, known = dossiers.load(pack), min(day, known_on)
    found = []
    for row in await at.fetch(_LISTED, day, *_newest(pack, known), day + AHEAD, importer, sought):
        when: date | None = row["next_review"]
        when = when if when is not None and when <= day + AHEAD else None
        plain = {name: row[name] for name in ("key", "importer_name", "country")}
        moved = moved_beneath(row, on_file, known)
        found.append(
            Aged(
                **plain, version=row["dossier_version"], next_review=when, overdue=when is not None and when < day, moved=moved
            )
        )
    return found


async def how_many(at: asyncpg.Connection, pack: Pack, day: date, sought: str = "") -> int:
    """How many standing assessments ask for another look on the day."""
    asked = (*_newest(pack, day), day + AHEAD, None, sought)
    return int(await at.fetchval(f"select count(*) from {_AGED}", day, *asked))


async def near(at: asyncpg.Connection, pack: Pack, day: date) -> list[Near]:
    """The standing assessments whose next look is due within thirty days or past, and of which nobody was told yet."""
    return [Near(*row) for row in await at.fetch(_NEAR, day, *_newest(pack, day), day + AHEAD)]


async def cited(at: asyncpg.Connection, pack: Pack, day: date) -> list[Cited]:
    """The versions that standing assessments cite and since which their dossier moved."""
    on_file = dossiers.load(pack)
    rows = await at.fetch(_GROUPED, day, *_newest(pack, day))
    found = [
        Cited(country, version, count, tuple(keys), dossiers.moved(on_file, version, country, day))
        for country, version, count, keys in rows
    ]
    return [one for one in found if one.moved]


def _newest(pack: Pack, known_on: date) -> tuple[list[str], list[str]]:
    """The countries that have a dossier by the day, and its version."""
    found = {code: version for code, one in dossiers.load(pack).items() if (version := one.version(known_on))}
    return list(found), list(found.values())
