"""Impact assessments as they stand on a day: draft, ok, problematic, superseded or overdue, and what moved beneath them.

The state is what a person reads; what the rules read is the outcome and the measures of those that are no draft.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import msgspec

from assessments.dossier import STANDS
from registry.law import Pack, dossiers
from registry.law.dossiers import Dossier, Paragraph

AHEAD = timedelta(days=30)  # how long before its day a next look is told
DRAFT, SUPERSEDED, OVERDUE = "draft", "superseded", "overdue"
PARTY = "(select name from party where thing = i.{} order by since <= $1 desc, since desc limit 1)"
_STANDING = f"""
select i.key, i.exporter, i.importer, i.country, i.outcome, i.since, i.until, i.draft, i.next_review, i.dossier_version,
    coalesce({PARTY.format("importer")}, '') as importer_name, v.key as vendor_key, v.thing as vendor
from impact_assessment i
left join lateral (select key, thing from vendor where party = i.importer order by thing limit 1) v on true
left join unnest($4::text[], $5::text[]) n(country, version) on n.country = i.country
where {STANDS.replace("until", "i.until").replace("since", "i.since")} and i.since <= $1
    and (i.until is null or i.until > $1) and i.draft is not true
    and not exists (select from impact_assessment o where o.exporter = i.exporter and o.importer = i.importer
        and o.country = i.country and o.draft is not true and o.since <= $1 and (o.until is null or o.until > $1)
        and (o.since, o.id) > (i.since, i.id))
    and (i.next_review <= $2 or i.dossier_version < n.version) and ($3::bigint is null or i.importer = $3)
order by i.key"""


class Aged(msgspec.Struct, frozen=True):
    """A standing assessment that asks for another look: its day is near or past, or paragraphs moved beneath it."""

    key: str
    importer: int
    importer_name: str
    country: str
    vendor: int | None
    vendor_key: str | None
    version: str | None
    next_review: date | None
    overdue: bool
    moved: tuple[Paragraph, ...]

    @property
    def said(self) -> str:
        """The paragraphs that moved, as a sentence names them."""
        return dossiers.called(self.moved)


def state(one: Mapping[str, Any], others: Sequence[Mapping[str, Any]], day: date) -> str:
    """What an assessment is on a day: draft, superseded by a later one of the same route, overdue, or what it found.

    The day of the next look is itself in time (Clause 14(e); EDPB Recommendations 01/2020, step 6).
    """
    if one["draft"]:
        return DRAFT
    ended = one["until"] is not None and one["until"] <= day
    if ended or any(_follows(other, one, day) for other in others):
        return SUPERSEDED
    if one["next_review"] is not None and one["next_review"] < day:
        return OVERDUE
    return str(one["outcome"])


def _follows(other: Mapping[str, Any], one: Mapping[str, Any], day: date) -> bool:
    """Whether another assessment of the same route took the place of one by the day."""
    if other["draft"] or any(other[name] != one[name] for name in ("exporter", "importer", "country")):
        return False
    stands = other["since"] <= day and (other["until"] is None or other["until"] > day)
    return bool(stands and (other["since"], other["id"]) > (one["since"], one["id"]))


def moved_beneath(one: Mapping[str, Any], on_file: dict[str, Dossier], known_on: date) -> tuple[Paragraph, ...]:
    """The paragraphs of the dossier that moved since the version it cites."""
    return dossiers.moved(on_file, one["dossier_version"], one["country"], known_on)


async def aged(
    at: asyncpg.Connection, pack: Pack, day: date, importer: int | None = None, known_on: date = date.max
) -> list[Aged]:
    """The standing assessments (of one importer, or all) that ask for another look on the day, in the order of their keys.

    Dossiers are read as known by the day, or by another one that is earlier.
    """
    on_file, known = dossiers.load(pack), min(day, known_on)
    newest = {country: version for country, one in on_file.items() if (version := one.version(known))}
    found = []
    for row in await at.fetch(_STANDING, day, day + AHEAD, importer, list(newest), list(newest.values())):
        near = row["next_review"] is not None and row["next_review"] <= day + AHEAD
        moved = moved_beneath(row, on_file, known)
        if near or moved:
            overdue = near and row["next_review"] < day
            names = ("key", "importer", "importer_name", "country", "vendor", "vendor_key")
            plain = {name: row[name] for name in names}
            when = row["next_review"] if near else None
            found.append(Aged(**plain, version=row["dossier_version"], next_review=when, overdue=overdue, moved=moved))
    return found
