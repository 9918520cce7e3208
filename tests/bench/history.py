"""A register with a long history: its rows loaded by COPY, then corrected again and again, each time with a whole entry.

Entries are what the journal would have written: the row's image with commitments in place of personal values, salts and
values behind them, a reason for each correction, sixteen random bytes. All guards stand while they are loaded.
"""

import random

import asyncpg

from registry import schema
from tests.bench.synthetic import Rows, copied, synthetic

BATCH = 100_000  # entries a transaction
ROWS_OF_A_TRANSFER = 3.6  # a little more than `synthetic` makes of many: contacts are the rest

# What is found to have been wrong in a row of each table; personal columns among them.
CORRECTED = {
    "party": "address = 'Street ' || t.version || ', ' || t.id",
    "contact": "phone = '+49 ' || t.version || ' ' || t.id",
    "vendor": "service = 'Service ' || t.version",
    "engagement": "only_our_purposes = not coalesce(t.only_our_purposes, false)",
    "transfer": "automated = not coalesce(t.automated, false)",
    "safeguard": "changed_on = date '2020-01-01' + t.version",
    "certification": "looked_up_on = date '2024-01-01' + t.version",
    "impact_assessment": "measures_taken = 'Measures ' || t.version",
    "sub_processing": "notified_on = date '2021-01-01' + t.version",
}

_WRITTEN = """
create temporary table written (
    sequence bigint, kind text, "table" text, "row" bigint, version int, image jsonb, why text
) on commit drop"""
_TURNS = """
create temporary table turns on commit drop as
select "table", "row", $2::bigint + row_number() over () as sequence
from (select "table", "row" from ({rows}) every order by random() limit $1) drawn"""
_BEHIND = """
create temporary table behind on commit drop as
select w.sequence, p.name, uuid_send(gen_random_uuid()) as salt, w.image->>p.name as value
from written w join unnest($1::text[], $2::text[]) p ("table", name) using ("table") where w.image->>p.name is not null
union all
select sequence, $3, uuid_send(gen_random_uuid()), why from written where why is not null"""
_ENTRIES = """
insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, why, nonce)
select e.sequence, clock_timestamp(), e.kind, 'cli:bench', e."table", e."row", e.version, e.shown, e.reason,
    uuid_send(gen_random_uuid())
from (
    select w.*, w.image || coalesce(c.commitments - $1::text, '{}') as shown, c.commitments->>$1 as reason
    from written w left join (
        select sequence, jsonb_object_agg(name, encode(sha256(salt || convert_to(value, 'UTF8')), 'hex')) as commitments
        from behind group by sequence
    ) c using (sequence)
    order by w.sequence
) e"""


async def lived(connection: asyncpg.Connection, rows: int, entries: int, chance: random.Random) -> None:
    """A register of so many rows and entries; the journal's first entry, and its row, are there already."""
    await connection.execute("select setseed($1)", chance.random())
    found = made(rows - 1, chance)
    async with connection.transaction():
        head = await _begun(connection)
        await copied(connection, found)
        for table, of_table in found.tables.items():
            await connection.execute(
                f"""insert into written select $1 + row_number() over (order by id), 'recorded', '{table}', id, 1, to_jsonb(t)
                from "{table}" t where id > 1""",
                head,
            )
            head += len(of_table)
        await _entered(connection, head)
    await connection.execute("analyze")
    while head < entries:
        head = await corrected(connection, min(BATCH, rows // 2, entries - head))
    await connection.execute("vacuum analyze")


async def corrected(connection: asyncpg.Connection, count: int) -> int:
    """So many rows (fewer than there are), drawn from all, are corrected once each, in the order drawn; returns the newest
    entry's sequence."""
    async with connection.transaction():
        head = await _begun(connection)
        every = " union all ".join(f"""select '{table}' as "table", id as "row" from "{table}" """ for table in CORRECTED)
        await connection.execute(_TURNS.format(rows=every), count, head)
        for table, change in CORRECTED.items():
            await connection.execute(f"""
                with done as (
                    update "{table}" t set {change}, version = t.version + 1
                    from turns where turns."table" = '{table}' and turns."row" = t.id returning turns.sequence, t.*
                )
                insert into written
                select sequence, 'corrected', '{table}', id, version, to_jsonb(d) - 'sequence', 'It was read wrongly: ' || id
                from done d""")
        await _entered(connection, head + count)
    return head + count


def made(count: int, chance: random.Random) -> Rows:
    """Exactly so many: of `synthetic`, of few enough transfers, and contacts of its parties for what is left."""
    transfers = int(count / ROWS_OF_A_TRANSFER)
    rows = synthetic(transfers, chance)
    while sum(map(len, rows.tables.values())) > count:
        transfers = transfers * 9 // 10
        rows = synthetic(transfers, chance)
    for party in rows.tables["party"]:
        party["address"] = f"Street 1, {party['id']}"
    parties = [party["id"] for party in rows.tables["party"]]
    for number in range(count - sum(map(len, rows.tables.values()))):
        rows.add(
            "contact", party=parties[number % len(parties)], capacity="contact", name=f"N {number}", email=f"n{number}@x.y"
        )
    return rows


async def _begun(connection: asyncpg.Connection) -> int:
    await connection.execute(_WRITTEN)
    return int(await connection.fetchval("select sequence from journal_head for update"))


async def _entered(connection: asyncpg.Connection, head: int) -> None:
    """The entries of what was written, in their order, with the values behind them; the head is theirs from now on."""
    personal = [(title, name) for title, table in schema.by_name().items() for name in schema.personal(table)]
    await connection.execute(_BEHIND, *map(list, zip(*personal, strict=True)), schema.WHY)
    await connection.execute(_ENTRIES, schema.WHY)
    await connection.execute(
        "insert into journal_value (sequence, name, salt, value) "
        "select sequence, name, salt, value from behind order by sequence"
    )
    await connection.execute("update journal_head set sequence = $1, at = clock_timestamp()", head)
