"""What was written since the last look: the entries of one transaction are one act, and an act is one cause.

An import of a thousand rows is one act; so is a change, which ends a row and begins the next. What was one transaction is
read from the mark that PostgreSQL leaves on its rows (`xmin`): after a dump is restored, the acts not seen yet are one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import asyncpg
import msgspec

from registry.journal import Row
from registry.vocabulary import EntryKind

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


FEW = 5


class Met(msgspec.Struct, frozen=True):
    """An entry that the watch had not seen, with the row before and after it; before a new period, the one it follows."""

    sequence: int
    kind: str
    table: str
    image: Row
    before: Row | None

    @property
    def said(self) -> str:
        """Table, key and what happened to the row."""
        return f"{self.table} {self.image['key']} {self.kind}"


class Act(msgspec.Struct, frozen=True):
    """The entries of one transaction, in order, and the day on which it was made."""

    day: date
    entries: tuple[Met, ...]
    single: bool  # whether all of it is about one thing

    @property
    def first(self) -> int:
        return self.entries[0].sequence

    @property
    def last(self) -> int:
        return self.entries[-1].sequence

    @property
    def said(self) -> tuple[str, ...]:
        """What it did: each row of a few, the number of many."""
        if self.single:
            return (self.entries[-1].said,)
        few = len(self.entries) <= FEW
        return tuple(one.said for one in self.entries) if few else (f"{len(self.entries)} rows written together",)

    @property
    def cause(self) -> str:
        return spanned(self.first, self.first if self.single else self.last)

    @property
    def effect(self) -> date:
        """The first day on which what it wrote is so."""
        return min(date.fromisoformat(entry.image["since"]) for entry in self.entries)


def spanned(first: int, last: int) -> str:
    """The cause that a span of entries is."""
    return f"entry:{first}" if first == last else f"entry:{first}-{last}"


async def acts(at: asyncpg.Connection, seen: int, newest: int) -> list[Act]:
    """The acts since the entry last seen, in order, as far as a verdict or an alert can follow from them."""
    rows = await at.fetch(
        """select e.xmin::text, e.at, e.sequence, e.kind, e."table", e.image::text, coalesce((
            select b.image::text from journal_entry b
            where b."table" = e."table" and b."row" = e."row" and b.version = e.version - 1), (
            select to_jsonb(s)::text from sub_processing s
            where e."table" = 'sub_processing' and e.version = 1 and e.kind = 'changed'
                and s.thing = (e.image->>'thing')::bigint and s.since < (e.image->>'since')::date
            order by s.since desc limit 1))
        from journal_entry e where e.sequence > $1 and e.sequence <= $2 and e."table" = any($3) order by e.sequence""",
        seen,
        newest,
        READ,
    )
    decode = msgspec.json.decode
    made: dict[str, tuple[datetime, list[Met]]] = {}
    for mark, at_time, sequence, kind, table, image, before in rows:
        entry = Met(sequence, kind, table, decode(image), before and decode(before))
        made.setdefault(mark, (at_time, []))[1].append(entry)
    return [Act(time.astimezone(UTC).date(), tuple(entries), _single(entries)) for time, entries in made.values()]


def _single(entries: Sequence[Met]) -> bool:
    return len({(entry.table, entry.image["thing"]) for entry in entries}) == 1


async def touched(at: asyncpg.Connection, made: Sequence[Act]) -> dict[str, list[Act]]:
    """The transfers that acts concern, by key, each with those acts in their order."""
    named: dict[str, dict[int, dict[int, Act]]] = defaultdict(lambda: defaultdict(dict))
    for act in made:
        for entry in act.entries:
            for concern, thing in _concerns(entry):
                named[concern][thing][act.first] = act
    found: dict[str, dict[int, Act]] = defaultdict(dict)
    for concern, query in _CONCERNED.items():
        if concern in named:
            for thing, key in await at.fetch(query, list(named[concern])):
                found[key] |= named[concern][thing]
    return {key: [by_number[number] for number in sorted(by_number)] for key, by_number in found.items()}


def _concerns(entry: Met) -> Iterable[tuple[str, int]]:
    for image in (entry.image, entry.before or {}):
        for column in BENEATH.get(entry.table, ()):
            if image.get(column) is not None:
                yield "importer", image[column]
        if entry.table in OTHERS and image.get(OTHERS[entry.table][1]) is not None:
            yield OTHERS[entry.table][0], image[OTHERS[entry.table][1]]


async def first_spans(at: asyncpg.Connection) -> dict[str, str]:
    """The causes that the acts are by which transfers came into the register, by the mark of their transaction."""
    rows = await at.fetch(
        """select xmin::text, min(sequence), max(sequence) from journal_entry
        where "table" = 'transfer' and version = 1 group by xmin::text"""
    )
    return {row[0]: spanned(row[1], row[2]) for row in rows}


async def first_acts(at: asyncpg.Connection, things: Sequence[int], spans: dict[str, str]) -> dict[int, str]:
    """By which of these acts each of these transfers came into the register."""
    rows = await at.fetch(
        """select "row", xmin::text from journal_entry
        where "table" = 'transfer' and "row" = any($1::bigint[]) and version = 1""",
        list(things),
    )
    return {row[0]: spans[row[1]] for row in rows}


def is_late(entry: Met, day: date) -> bool:
    """Whether what it says is so on days before that one."""
    return entry.kind in {EntryKind.CORRECTED, EntryKind.VOIDED} or entry.image["since"] < day.isoformat()


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
