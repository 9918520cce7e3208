"""What stands in the tables against what the journal says of it: rows, documents, values behind no entry, the access log."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import msgspec
from piccolo.table import Table

from registry import checkpoints, journal, past, schema
from registry.faults import Verified, key_of
from registry.notes import Checkpoint

PREFETCH = 1_000  # rows
LOOKS = re.compile(r"looks (\d{4}-\d\d-\d\d) ([A-Za-z0-9+/]{43}=)")


async def versions(at: asyncpg.Connection, done: Verified) -> None:
    """Versions of a row go up by one."""
    for number, table, row, key in await at.fetch("""select sequence, "table", "row", image->>'key' from (
            select *, row_number() over (partition by "table", "row" order by sequence) place
            from public.journal_entry) e where version <> place order by sequence limit 100"""):
        done.add("its version does not follow the one before it", number, table, key or row)
    for number, count in await at.fetch("""select v.sequence, count(*) from public.journal_value v
            left join public.journal_entry e using (sequence) where e.sequence is null group by 1 order by 1 limit 100"""):
        done.add(f"{count} values stand behind an entry that is not there", number)


async def rows(at: asyncpg.Connection, table: type[Table]) -> Verified:
    """Every row against its newest entry, every version against its own, every document against its SHA-256."""
    done, title, personal = Verified(), schema.name(table), schema.personal(table)
    async for row, image, number, values in at.cursor(
        f"""select {schema.image(table, "t")}::text, e.image::text, e.sequence,
            (select jsonb_object_agg(v.name, v.value)::text from public.journal_value v where v.sequence = e.sequence)
        from public."{title}" t left join lateral (
            select image, sequence from public.journal_entry e where e."table" = '{title}' and e."row" = t.id
            order by version desc limit 1) e on true order by t.id""",
        prefetch=PREFETCH,
    ):
        done.rows += 1
        found = msgspec.json.decode(row)
        if image is None:
            done.add("no entry speaks of this row", None, title, found["key"])
            continue
        known, behind = _decoded(image), msgspec.json.decode(values or "{}")
        key = key_of(known, found["id"])
        for name in _differing(found, known, personal, behind):
            done.add(f"{name} is not what its newest entry says", number, title, key)
        if key != found["key"]:
            done.add("its newest entry knows it by another key", number, title, found["key"])
    for number, row, key in await at.fetch(
        f"""select min(e.sequence), e."row", min(e.image->>'key') from public.journal_entry e where e."table" = '{title}'
        and not exists (select from public."{title}" t where t.id = e."row") group by 2 order by 1 limit 100"""
    ):
        done.add("the row it wrote is gone", number, title, key or row)
    try:
        async with at.transaction():  # of its own, so that a table that is gone ends nothing else
            differing = await at.fetch(past.differing(schema.versioned(table)))
            half = await journal.newest(at) // 2
            await at.execute(f"set local onward.known_on = '{half}'")
            if await at.fetchval(past.misread(schema.versioned(table))):
                done.add(f"what is read as known at entry {half} is not what stood then: the view was altered", table=title)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError) as error:
        done.add(f"what was known is read from a table that is not as it was made: {error}", table=title)
        differing = []
    for number, key in differing:
        done.add("what is read as known then is not what it says", number, title, key)
    for column in schema.contents(table):
        for (key,) in await at.fetch(
            f"""select key from public."{title}" where "{column}" is null or encode(sha256("{column}"), 'hex') <> sha256"""
        ):
            done.add("its bytes are not those of its SHA-256", None, title, key)
    return done


def _decoded(image: str) -> dict[str, Any]:
    """An entry's image; empty where somebody made something else of it, which its leaf tells."""
    try:
        known = msgspec.json.decode(image)
    except msgspec.MsgspecError:
        return {}
    return known if isinstance(known, dict) else {}


def _differing(
    stands: dict[str, Any], known: dict[str, Any], personal: tuple[str, ...], behind: dict[str, str]
) -> Iterator[str]:
    """The columns in which a row differs from its newest entry; personal ones are compared with the values behind it."""
    for name in stands.keys() | known.keys():
        now, then = stands.get(name), known.get(name)
        if name in personal and then is not None:
            if behind.get(name) != (None if now is None else journal.as_text(now)):
                yield name
        elif now != then:
            yield name


async def looks(at: asyncpg.Connection, done: Verified, heads: list[tuple[Checkpoint, str]]) -> None:
    """The access log's chain of days against what checkpoints say of it."""
    said: dict[date, set[tuple[str, str]]] = {}
    for head, called in heads:
        for match in filter(None, map(LOOKS.fullmatch, head.more)):
            said.setdefault(date.fromisoformat(match[1]), set()).add((match[2], called))
    if await at.fetchval("select exists (select from public.look where at < '1900-01-02' or at > now() + interval '1 day')"):
        done.add("the access log holds a look of a day on which nobody can have looked: it was put in", table="look")
    today, signed = datetime.now(UTC).date(), max(said, default=date.min)
    done.looks_today = await at.fetchval(
        "select count(*) from public.look where at >= $1", datetime.combine(today, datetime.min.time(), UTC)
    )
    chain, days, due = checkpoints.NO_LOOKS, {date.min: checkpoints.NO_LOOKS}, sorted(said)
    async for day, rows in checkpoints.looks(at, date.min, today):
        while due and due[0] < day:
            days[due.pop(0)] = chain
        chain = days[day] = checkpoints.chained(chain, rows)
        done.looks += len(rows)
        done.looks_unsigned += len(rows) if day > signed else 0
    days = dict.fromkeys(due, chain) | days
    for day, claims in sorted(said.items()):
        for claim, called in sorted(claims):
            if days.get(day) != claim:
                done.add(
                    f"the access log up to {day} is not what {called} says: a look was altered, taken out or put in",
                    table="look",
                )
                return
