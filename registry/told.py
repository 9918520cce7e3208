"""Records told in words: what a row says, what it was, who wrote it when and why, and who names it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
from babel.dates import format_date
from piccolo.columns import Array, Date
from piccolo.table import Table

from registry import forms, journal, law, schema
from registry.journal import Row
from registry.vocabulary import EntryKind

HIDDEN = {"register", "person"}  # not shown among records: a person is an administrator's affair
CALLED = ("name", "title", "service", "framework", "instrument", "file_name")  # columns that say what a record is called
UNTOLD = {"note", "sha256", "vkey", "rests_on", "law_version", "cause", "codes", "findings", "values"}  # tells no two apart
INSTRUMENTS = {"instrument", "framework", "basis"}  # columns with a key of the law's, which people know by its title
Names = dict[tuple[str, int], tuple[str, str]]


class Told(msgspec.Struct, frozen=True):
    """One entry of a record's history, in words: each change as column, before, after; among others, of which record."""

    at: Any
    who: str
    kind: str
    why: str
    changes: list[tuple[str, str, str]]
    table: str = ""
    key: str = ""


async def periods(at: asyncpg.Connection, table: type[Table], key: str) -> list[Row]:
    """All rows of one key, the newest period first."""
    rows = await at.fetch(
        f'select {journal.image(table)} from "{schema.name(table)}" where key = $1 order by since desc, id desc', key
    )
    return [msgspec.json.decode(text) for (text,) in rows]


async def listed(at: asyncpg.Connection, table: type[Table], q: str, many: int, after: int) -> tuple[int, list[Row]]:
    """How many things of a table fit, and the last period of each of a page of them, by key."""
    columns = [name for name in CALLED if name in schema.columns(table)]
    sought = " or ".join(f't."{name}" ilike $2' for name in ("key", *columns))
    title = schema.name(table)
    where = f"from \"{title}\" t where ($1 = '' or {sought})"
    pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    count = await at.fetchval(f"select count(distinct t.thing) {where}", q, pattern)
    rows = await at.fetch(
        f"""select {journal.image(table, "x")} from (select distinct t.thing, t.key {where} order by t.key limit $3 offset $4) k
        join lateral (select * from "{title}" l where l.thing = k.thing
            order by (l.until = l.since) nulls first, l.since desc, l.id desc limit 1) x on true order by k.key""",
        q,
        pattern,
        many,
        after,
    )
    return int(count), [msgspec.json.decode(text) for (text,) in rows]


def in_short(table: type[Table], row: Row, names: Names) -> str:
    """What tells a record from its neighbours: what it is called, or the first things that it says."""
    telling = [one for one in in_words(table, row, names) if one[0] not in UNTOLD and not isinstance(row.get(one[0]), bool)]
    said = [words for name, words, _ in telling if words and row.get(name) != []]
    called = [said_of(table, name, row[name], names) for name in CALLED if name != "service" and row.get(name)]
    return " · ".join(dict.fromkeys([*called[:1], *said[:4]]))[:160] if called else " · ".join(said[:4])[:160]


async def names_of(at: asyncpg.Connection, table: type[Table], rows: list[Row]) -> Names:
    """For each thing that a table's rows may name: its key, and what it is called."""
    found: Names = {}
    for target in set(schema.links(table).values()):
        called = dict(await forms.named(at, target))
        things = await at.fetch(f'select thing, key from "{target}" where thing = id')
        found |= {(target, thing): (key, called.get(key, key)) for thing, key in things}
    return found


async def names_in(at: asyncpg.Connection, table: type[Table], rows: list[Row]) -> Names:
    """As `names_of`, of those things alone that these rows do name: what a page of one thing needs."""
    found: Names = {}
    for column, target in schema.links(table).items():
        if things := sorted({int(row[column]) for row in rows if row.get(column) is not None}):
            called = dict(await forms.named(at, target, f"t.thing in ({', '.join(map(str, things))})"))
            keys = await at.fetch(f'select thing, key from "{target}" where thing = id and thing = any($1::bigint[])', things)
            found |= {(target, thing): (key, called.get(key, key)) for thing, key in keys}
    return found


def keyed(table: type[Table], row: Row, names: Names) -> Row:
    """The row as a file has it: keys in the place of ids."""
    links = schema.links(table)
    return {name: names[links[name], value][0] if name in links and value is not None else value for name, value in row.items()}


def in_words(table: type[Table], row: Row, names: Names) -> list[tuple[str, str, str]]:
    """What a row says, as label, words and the address of what it names; what is not recorded is left to the end."""
    said = []
    for name in schema.columns(table):
        if name in {*schema.OWN, *schema.contents(table), "key", "since", "until"}:
            continue
        target = schema.links(table).get(name)
        value = row.get(name)
        link = address(target, names[target, value][0]) if target and value is not None and target not in HIDDEN else ""
        said.append((name, said_of(table, name, value, names), link))
    return sorted(said, key=lambda one: not one[1])


def said_of(table: type[Table], name: str, value: Any, names: Names) -> str:
    """One value as a person reads it; empty where it is not recorded."""
    target = schema.links(table).get(name)
    column = schema.columns(table).get(name)
    if value == []:
        return "none" if isinstance(column, Array) and column.base_column._meta.choices is not None else ""
    if value is None:
        return ""
    if target:
        return names.get((target, value), ("", str(value)))[1]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in INSTRUMENTS and (one := law.load().instruments.get(str(value))):
        return one.title
    if name == "regime":
        return str(value).replace("_", " ")
    if isinstance(column, Date):
        return day_said(str(value))
    offered = dict(forms.field(table, name).options) if column is not None else {}
    listed = value if isinstance(value, list) else [value]
    return ", ".join(offered.get(str(one), str(one)) for one in listed)


def day_said(text: str) -> str:
    """A day written YYYY-MM-DD as pages write it; what is no day stays as it was typed."""
    try:
        return str(format_date(date.fromisoformat(text), "d MMM y", locale="en"))
    except ValueError:
        return text


def standing(row: Row) -> tuple[date, date | None, bool]:
    """First day, last day, and whether the row is voided."""
    since, until = date.fromisoformat(row["since"]), row["until"] and date.fromisoformat(row["until"])
    return since, until and until - timedelta(days=1), since == until


async def history(
    at: asyncpg.Connection, table: type[Table], thing: int, names: Names | None = None, by: datetime | None = None
) -> list[Told]:
    """Who wrote what about a thing, the newest first; `by` leaves out what was written later; what is erased stays so."""
    title = schema.name(table)
    rows = await at.fetch(
        f"""select e.at, e.who, e.kind, e."row", e.image::text, coalesce(p.name, e.who), coalesce(
            (select jsonb_object_agg(v.name, v.value) from journal_value v where v.sequence = e.sequence), '{{}}')::text
        from journal_entry e left join lateral
            (select name from person p where p.key = e.who and p.name is not null order by p.id desc limit 1) p on true
        where e."table" = $1 and e."row" in (select id from "{title}" where thing = $2)
            and ($3::timestamptz is null or e.at <= $3) order by e.sequence""",
        title,
        thing,
        by,
    )
    told: list[Told] = []
    before: dict[int, Row] = {}
    stood: dict[int, str | None] = {}  # until when a period was to stand, before the entry that ended it
    images: list[Row] = [msgspec.json.decode(row[4]) for row in rows]
    names = await names_in(at, table, images) if names is None else names
    for (when, _, kind, number, _, person, behind), after in zip(rows, images, strict=True):
        values = msgspec.json.decode(behind)
        for name in schema.personal(table):
            if after.get(name) is not None:
                after[name] = values.get(name, "(erased)")
        was = before.get(number) or (_before(after, before, stood) if kind == EntryKind.CHANGED else {})
        changes = [
            (name, said_of(table, name, was.get(name), names), said_of(table, name, after.get(name), names))
            for name in schema.columns(table)
            if name not in {*schema.OWN, *schema.contents(table), "key"} and was.get(name) != after.get(name)
        ]
        stood[number] = was.get("until")
        before[number] = after
        told.append(Told(when, person, kind, values.get(schema.WHY, ""), changes))
    return told[::-1]


def _before(begun: Row, seen: Mapping[int, Row], stood: Mapping[int, str | None]) -> Row:
    """What stood until a change began this period: the period before it, as it was when nothing had ended it yet."""
    earlier = [row for row in seen.values() if row["since"] < begun["since"] and row["until"] != row["since"]]
    last = max(earlier, key=lambda row: (row["since"], row["id"]), default=None)
    if last is None:
        return {}
    return last | {"until": stood[last["id"]] if last["until"] == begun["since"] else last["until"]}


async def latest(
    at: asyncpg.Connection, where: Mapping[str, str], thing: int, by: datetime | None, many: int
) -> tuple[int, list[Told]]:
    """How many entries there are about the rows of some tables that fit (`where`: table and condition on $1, the thing), and
    the newest of them; `by` leaves out what was written later."""
    each = (f"select '{title}' as title, id, key from \"{title}\" where {fits}" for title, fits in where.items())
    rows_of = " union all ".join(each)
    entries = f"""from ({rows_of}) r join public.journal_entry e on e."table" = r.title and e."row" = r.id
        where $2::timestamptz is null or e.at <= $2"""
    rows = await at.fetch(
        f"""select e.at, e.kind, r.title, r.key, coalesce((select v.value from public.journal_value v
                where v.sequence = e.sequence and v.name = $4), '') as why,
            coalesce((select name from person p where p.key = e.who and p.name is not null order by p.id desc limit 1), e.who)
            as who, count(*) over () as many
        {entries} order by e.sequence desc limit $3""",
        thing,
        by,
        many,
        schema.WHY,
    )
    told = [Told(row["at"], row["who"], row["kind"], row["why"], [], row["title"], row["key"]) for row in rows]
    return (rows[0]["many"] if rows else 0), told


async def references(at: asyncpg.Connection, table: type[Table], row: Row) -> list[tuple[str, str]]:
    """The records of facts that name this one, at most twenty of a table."""
    title = schema.name(table)
    found: list[tuple[str, str]] = []
    for other in schema.tables():
        columns = [name for name, target in schema.links(other).items() if target == title]
        if columns and schema.name(other) not in HIDDEN:
            where = " or ".join(f'"{name}" = $1' for name in columns)
            keys = await at.fetch(
                f'select distinct key from "{schema.name(other)}" where ({where}) order by key limit 20', row["thing"]
            )
            found += [(schema.name(other), key) for (key,) in keys]
    return found


def address(table: str, key: str) -> str:
    return f"/records/{quote(table, safe='')}/{quote(key, safe='')}"
