"""Each entry of a register and each kind of tampering, by the database's owner with every guard off, key held or not.

One register is made and its guards and rules are taken away; each tampering is done in a transaction of its own, looked at
from within, and rolled back. What must be found is worked out here from what was done, never from what `verify` says.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from piccolo.columns import Array, Boolean, Bytea, Date
from piccolo.columns.column_types import BigInt, ForeignKey, Integer, Serial

from registry import checkpoints, journal, keys, notes, schema, tiles
from registry.errors import Misused
from registry.faults import Verified
from registry.heads import Beside
from registry.past import STANDS
from registry.verify import verify


class One(msgspec.Struct, frozen=True):
    """An entry as it was written; `newest` is the sequence of the last one about its row, `first` that of the first."""

    sequence: int
    table: str
    row: int
    version: int
    image: dict[str, Any]
    first: int
    newest: int
    values: tuple[str, ...]
    erased: bool

    @property
    def names(self) -> set[str]:
        """How a fault may call its row: by its key; by its id where the key can no longer be read."""
        return {str(self.image["key"]), str(self.row)}


class Expected(msgspec.Struct):
    """What must be told: the first bad entry, or a range that holds it, and rows by table and name; how it was found."""

    entry: int | None = None
    told: int | None = None
    within: int | None = None
    rows: tuple[tuple[str, frozenset[str]], ...] = ()
    outside: bool = False  # found by the checkpoint kept outside
    clean_inside: bool = False  # and by nothing else
    asked: bool = False  # found where the key's fingerprint is brought
    beside: bool = False  # found by the head beside the key


Kind = Callable[["Tampering", One], Awaitable[Expected | None]]


class Tampering:
    """The register that is tampered with; `at` is a connection in a transaction that will be rolled back."""

    def __init__(self, at: asyncpg.Connection, chance: random.Random, key: Ed25519PrivateKey) -> None:
        self.at, self.chance, self.key = at, chance, key
        self.kept, self.fingerprint = "", keys.verifier("", key).fingerprint
        self.ones: list[One] = []

    async def begin(self) -> None:
        """Reads what was written, keeps the newest checkpoint outside, and takes every guard and rule away for good."""
        self.kept = await self.at.fetchval("select note from checkpoint order by id desc limit 1")
        rows = await self.at.fetch(
            """select sequence, "table", "row", version, image::text,
                first_value(sequence) over (partition by "table", "row" order by version
                    rows between unbounded preceding and unbounded following),
                last_value(sequence) over (partition by "table", "row" order by version
                    rows between unbounded preceding and unbounded following),
                array(select name::text from journal_value v where v.sequence = e.sequence order by name), kind = 'erased'
            from journal_entry e order by sequence"""
        )
        for sequence, table, row, version, image, first, newest, names, erased in rows:
            known = msgspec.json.decode(image)
            self.ones.append(One(sequence, table, row, version, known, first, newest, tuple(names), erased))
        await self.at.execute("""do $$ declare r record; begin
            for r in select conrelid::regclass t, conname c from pg_constraint
                where connamespace = 'public'::regnamespace and contype in ('f', 'c', 'x') loop
                execute format('alter table %s drop constraint %I', r.t, r.c);
            end loop;
            for r in select oid::regclass t from pg_class
                where relkind = 'r' and relnamespace in ('public'::regnamespace, 'past'::regnamespace) loop
                execute format('alter table %s disable trigger all', r.t);
            end loop;
            for r in select indexrelid::regclass i, pg_get_indexdef(indexrelid) d from pg_index
                where indisunique and not indisprimary and indrelid in (select oid from pg_class where relkind = 'r'
                and relnamespace in ('public'::regnamespace, 'past'::regnamespace)) and indexrelid not in (select conindid
                from pg_constraint) loop
                execute format('drop index %s', r.i);
                execute replace(r.d, 'CREATE UNIQUE', 'CREATE');
            end loop; end $$""")
        await self.at.execute("analyze")

    async def each(self, one: One) -> dict[str, int]:
        """Every kind upon one entry; how many of each were found. Raises AssertionError for one that was not, or wrongly."""
        found: dict[str, int] = {}
        for chain in KINDS:
            transaction = self.at.transaction()
            await transaction.start()
            try:
                for name, kind in chain.items():
                    expected = await kind(self, one)
                    if expected is None:
                        break
                    await self._look(f"{name}, entry {one.sequence} of {one.table}", expected)
                    found[name] = 1
            finally:
                await transaction.rollback()
        await self.run("vacuum journal_entry, journal_value, tile, checkpoint")
        return found

    async def _look(self, what: str, expected: Expected) -> None:
        if expected.clean_inside:
            inside = await verify(self.at)
            assert not inside.faults, f"{what}: more than was meant: {inside.faults[:3]}"
        done = await verify(
            self.at,
            self.kept if expected.outside else None,
            self.fingerprint if expected.asked else None,
            [Beside("key.pem.signed.txt", self.kept, self.fingerprint)] if expected.beside else [],
        )
        told = [str(fault) for fault in done.faults[:5]]
        assert done.faults, f"{what}: not found"
        assert not done.shown, f"{what}: the origin is said to be shown"
        if expected.outside:
            assert any("you brought" in fault.what for fault in done.faults), f"{what}: not by what was kept: {told}"
        if expected.asked:
            assert any("the key you brought" in fault.what for fault in done.faults), f"{what}: not by the key: {told}"
        if expected.beside:
            assert any("beside the key" in fault.what for fault in done.faults), f"{what}: not by the head beside: {told}"
        if expected.entry is not None:
            assert done.first == expected.entry, f"{what}: first bad entry {done.first}, not {expected.entry}: {told}"
        if expected.told is not None:
            assert any(fault.entry == expected.told for fault in done.faults), f"{what}: {expected.told} is not named: {told}"
        if expected.within is not None:
            assert_within(done, expected.within, what, outside=expected.outside)
        for table, names in expected.rows:
            called = {fault.row for fault in done.faults if fault.table == table}
            assert called & names, f"{what}: {table} {names} is not named: {told}"

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self.at.execute(statement)

    async def shift(self, begin: int, by: int) -> None:
        """Every entry from `begin` on, its values with it, and the head take other numbers."""
        for table in ("journal_entry", "journal_value"):
            await self.run(
                f"update {table} set sequence = -sequence where sequence >= {begin}",
                f"update {table} set sequence = -sequence + {by} where sequence < 0",
            )
        await self.run(f"update journal_head set sequence = sequence + {by}")

    async def swap(self, one: int, two: int) -> None:
        for table in ("journal_entry", "journal_value"):
            await self.run(
                f"update {table} set sequence = -1 where sequence = {one}",
                f"update {table} set sequence = {one} where sequence = {two}",
                f"update {table} set sequence = {two} where sequence = -1",
            )

    async def hashed_anew(self) -> None:
        """All tiles made from what stands there now, as somebody would who knows how."""
        await self.run("delete from tile")
        await tiles.grow(self.at, await journal.newest(self.at))

    async def not_signed(self) -> None:
        """Whoever asks for a checkpoint of what stands there now is refused. Raises AssertionError where it would be signed."""
        try:
            await checkpoints.goes_on(self.at, await journal.newest(self.at), await checkpoints.newest(self.at))
        except Misused:
            return
        raise AssertionError("a forged tree would be signed")

    async def signed_anew(self) -> None:
        """Every checkpoint made and signed again over what stands there now, by somebody who holds the key."""
        origin, newest = await keys.origin(self.at), await journal.newest(self.at)
        verifier = keys.verifier(origin, self.key)
        await self.at.execute("update signing_key set vkey = $1", verifier.vkey)
        await self.at.execute("""update journal_entry set image = image || jsonb_build_object('vkey', $1::text)
            where "table" = 'signing_key'""", verifier.vkey)  # fmt: skip
        await self.hashed_anew()
        for number, size, note in await self.at.fetch("select id, size, note from checkpoint order by id"):
            before = notes.checkpoint(note.rpartition("\n\n")[0] + "\n")
            size = min(size, newest)
            head = notes.Checkpoint(origin, size, await tiles.head_of(self.at, size), before.more)
            await self.at.execute(
                "update checkpoint set size = $2, note = $3 where id = $1",
                number,
                size,
                notes.sign(head.text, (verifier, self.key)),
            )

    async def edit(self, one: One) -> None:
        """A field of an entry, and of its row where that follows from it."""
        fields = [
            name
            for name, value in one.image.items()
            if value is not None and isinstance(value, str) and name not in {"key", "since", "until", "vkey", "sha256"}
        ]
        personal = schema.personal(schema.by_name()[one.table])
        plain = [name for name in fields if name not in personal and _is_text(one.table, name)]
        if not plain:
            await self.at.execute("update journal_entry set who = 'cli:other' where sequence = $1", one.sequence)
            return
        name = self.chance.choice(plain)
        await self.at.execute(
            "update journal_entry set image = image || jsonb_build_object($2::text, $3::text) where sequence = $1",
            one.sequence,
            name,
            one.image[name][:10] + "x",
        )
        if one.newest == one.sequence:
            await self.at.execute(f'update "{one.table}" set "{name}" = $2 where id = $1', one.row, one.image[name][:10] + "x")

    async def folded_back(self, size: int) -> None:
        """The database as it was when the journal had that many entries: rows, values, head and tiles."""
        erasing = [one.sequence for one in self.ones if one.table == "erased"]
        if erasing and size < erasing[0]:
            await self.run(
                """insert into journal_value select * from before_erasure b
                where not exists (select from journal_value v where v.id = b.id)"""
            )
        await self.run(f"set local onward.known_on = '{size}'")
        for table in {one.table for one in self.ones if one.sequence > size}:
            await self.run(
                f'create temp table stood on commit drop as select * from known."{table}"',
                f'delete from public."{table}"',
                f'insert into public."{table}" select * from stood',
                "drop table stood",
                *versions_folded_back(table, size),
            )
        await self.run(
            f"delete from journal_value where sequence > {size}",
            f"delete from journal_entry where sequence > {size}",
            f"update journal_head set sequence = {size}",
        )
        await self.hashed_anew()


def versions_folded_back(table: str, size: int) -> tuple[str, str]:
    """What takes the versions of a table back to where the journal had that many entries."""
    return (
        f'delete from past."{table}" where sequence > {size}',
        f'update past."{table}" set ended = {STANDS} where ended > {size}',
    )


def assert_within(done: Verified, entry: int, what: str, *, outside: bool) -> None:
    """A range is told that holds the entry, by what was kept outside or by a checkpoint on file."""
    ranges = [
        (fault.entry or 0, fault.until)
        for fault in done.faults
        if fault.until is not None and ("you brought" in fault.what) == outside
    ]
    assert any(begin <= entry <= end for begin, end in ranges), f"{what}: not in {ranges}"


def _is_text(table: str, name: str) -> bool:
    column = schema.columns(schema.by_name()[table])[name]
    other = isinstance(column, (Array, Boolean, Bytea, Date, BigInt, Integer, ForeignKey, Serial))
    return not other and not column._meta.choices


def _row(one: One) -> tuple[str, frozenset[str]]:
    return one.table, frozenset(one.names)


def _entry(one: One) -> Expected:
    """The entry itself; without an erasure's, what it took is missing unexplained, behind entries that come before."""
    return Expected(None if one.table == "erased" else one.sequence, told=one.sequence, rows=(_row(one),))


async def entry_image(of: Tampering, one: One) -> Expected:
    names = [name for name in one.image if name not in {"key", "id"}]
    name = of.chance.choice(names)
    ways = [
        f"""image || jsonb_build_object('{name}', to_jsonb(coalesce(image->>'{name}', '') || 'x'))""",
        f"image - '{name}'",
        "image || '{\"made_up\": 1}'",
        'image || \'{"key": "another"}\'',
        "'{}'",
        "'[1]'",
        "'null'",
        "'\"x\"'",
        "image || '{\"version\": 1e400}'",
    ]
    await of.run(f"update journal_entry set image = {of.chance.choice(ways)} where sequence = {one.sequence}")
    return _entry(one)


async def entry_column(of: Tampering, one: One) -> Expected:
    ways = [
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "at = '-infinity'",
        "kind = case kind when 'voided' then 'corrected' else 'voided' end",
        "who = who || 'x'",
        "why = encode(sha256('x'), 'hex')",
        "nonce = sha256(nonce)",
        "version = version + 1",
        """"row" = "row" + 1000000""",
        """"table" = case "table" when 'party' then 'vendor' else 'party' end, "row" = "row" + 1000000""",
        """"table" = 'nothing'""",
    ]
    await of.run(f"update journal_entry set {of.chance.choice(ways)} where sequence = {one.sequence}")
    return _entry(one)


def _altered(column: Any) -> str:
    """SQL for another value than the one that stands."""
    name = f'"{column._meta.name}"'
    if isinstance(column, Boolean):
        return f"{name} is not true"
    if isinstance(column, Date):
        return f"coalesce({name}, '2020-01-01') + 1"
    if isinstance(column, (BigInt, Integer, ForeignKey)):
        return f"coalesce({name}, 0) + 1"
    if isinstance(column, Array):
        return f"coalesce({name}, '{{}}') || '{{x}}'"
    if isinstance(column, Bytea):
        return f"coalesce({name}, '') || '\\x00'"
    return f"left(coalesce({name}, ''), 3) || 'x'"


async def row_edited(of: Tampering, one: One) -> Expected | None:
    if one.newest != one.sequence:
        return None
    columns = [column for name, column in schema.columns(schema.by_name()[one.table]).items() if name != "id"]
    column = of.chance.choice(columns)
    name = column._meta.name
    before = await of.at.fetchval(f'select "{name}"::text from "{one.table}" where id = {one.row}')
    await of.run(f'update "{one.table}" set "{name}" = {_altered(column)} where id = {one.row}')
    if before == await of.at.fetchval(f'select "{name}"::text from "{one.table}" where id = {one.row}'):
        return None
    content = isinstance(column, Bytea)
    return Expected(None if content else one.sequence, rows=(_row(one),))


async def value_edited(of: Tampering, one: One) -> Expected | None:
    if not one.values:
        return None
    way = of.chance.choice(["value = value || 'x'", "salt = sha256(salt)", "name = name || 'x'"])
    name = of.chance.choice(one.values)
    await of.at.execute(f"update journal_value set {way} where sequence = $1 and name = $2", one.sequence, name)
    return Expected(one.sequence, rows=(_row(one),))


async def entry_deleted(of: Tampering, one: One) -> Expected:
    await of.run(*(f"delete from {table} where sequence = {one.sequence}" for table in ("journal_value", "journal_entry")))
    return _entry(one)


async def entry_and_row_deleted(of: Tampering, one: One) -> Expected | None:
    if one.first != one.newest:
        return None
    expected = await entry_deleted(of, one)
    await of.run(f'delete from "{one.table}" where id = {one.row}')
    return Expected(expected.entry, told=one.sequence)


async def row_deleted(of: Tampering, one: One) -> Expected | None:
    if one.newest != one.sequence:
        return None
    await of.run(f'delete from "{one.table}" where id = {one.row}')
    return Expected(one.first if one.table != "signing_key" else None, rows=(_row(one),))


async def value_deleted(of: Tampering, one: One) -> Expected | None:
    if not one.values:
        return None
    name = of.chance.choice(one.values)
    await of.at.execute("delete from journal_value where sequence = $1 and name = $2", one.sequence, name)
    return Expected(one.sequence, rows=(_row(one),))


async def entries_swapped(of: Tampering, one: One) -> Expected:
    two = of.chance.choice([other for other in of.ones if other.sequence != one.sequence])
    await of.swap(one.sequence, two.sequence)
    return Expected(min(one.sequence, two.sequence), rows=(_row(one), _row(two)))


async def rows_swapped(of: Tampering, one: One) -> Expected | None:
    others = [
        other for other in of.ones if other.table == one.table and other.row != one.row and other.newest == other.sequence
    ]
    if one.newest != one.sequence or not others:
        return None
    two = of.chance.choice(others)
    await of.run(
        f'update "{one.table}" set id = -1 where id = {one.row}',
        f'update "{one.table}" set id = {one.row} where id = {two.row}',
        f'update "{one.table}" set id = {two.row} where id = -1',
    )
    return Expected(min(one.sequence, two.sequence), rows=(_row(one), _row(two)))


async def values_swapped(of: Tampering, one: One) -> Expected | None:
    others = [other for other in of.ones if other.sequence != one.sequence and set(other.values) & set(one.values)]
    if not others:
        return None
    two = of.chance.choice(others)
    name = of.chance.choice(sorted(set(two.values) & set(one.values)))
    for number, to in ((one.sequence, -1), (two.sequence, one.sequence), (-1, two.sequence)):
        await of.at.execute(
            "update journal_value set sequence = $1::bigint where sequence = $2 and name = $3", to, number, name
        )
    return Expected(min(one.sequence, two.sequence), rows=(_row(one), _row(two)))


async def entry_inserted(of: Tampering, one: One) -> Expected:
    """A copy of another entry stands where this one stood, and all later ones one further on."""
    two = of.chance.choice(of.ones)
    await of.shift(one.sequence, 1)
    copied = two.sequence + (two.sequence >= one.sequence)
    await of.run(
        f"""insert into journal_entry select {one.sequence}, at, kind, who, "table", "row" + 500000, 1, image, why, nonce
        from journal_entry where sequence = {copied}""",
        f"""update journal_entry e set at = n.at from journal_entry n
        where e.sequence = {one.sequence} and n.sequence = {one.sequence + 1}""",
    )
    return Expected(one.sequence, rows=((two.table, frozenset({str(two.image["key"])})),))


async def row_inserted(of: Tampering, one: One) -> Expected | None:
    if one.newest != one.sequence:
        return None
    listed = ", ".join(f'"{name}"' for name in schema.columns(schema.by_name()[one.table]) if name not in {"id", "key"})
    await of.run(
        f"""insert into "{one.table}" (id, key, {listed}) select 500000, 'put in', {listed} from "{one.table}"
        where id = {one.row}"""
    )
    return Expected(rows=((one.table, frozenset({"put in"})),))


async def entry_hidden(of: Tampering, one: One) -> Expected:
    """For a row that was put in an entry, where nobody counts: before the first."""
    await of.run(
        f"""insert into journal_entry select {-one.sequence}, at, kind, who, "table", 500000, 1,
            image || '{{"id": 500000, "key": "put in", "version": 1}}', why, nonce
        from journal_entry where sequence = {one.sequence}""",
        f'update "{one.table}" set version = 1 where id = 500000',
    )
    return Expected(-one.sequence)


async def value_inserted(of: Tampering, one: One) -> Expected:
    await of.at.execute(
        "insert into journal_value (id, sequence, name, salt, value) values (-1, $1, $2, 'x', 'y')",
        one.sequence,
        of.chance.choice(["made_up", "key", *([one.values[0]] if one.values else [])]),
    )
    return Expected(one.sequence, rows=(_row(one),))


async def version_edited(of: Tampering, one: One) -> Expected:
    """What is read of the past is altered, the entry that it was made from is not."""
    kept = schema.versioned(schema.by_name()[one.table]).kept
    flags = [f'"{name}" = not coalesce("{name}", false)' for name, kind in kept.items() if kind.lower() == "boolean"]
    way = of.chance.choice([*flags, "ended = ended - 1", "ended = sequence", "since = since - 1", "version = version + 1"])
    await of.run(f'update past."{one.table}" set {way} where sequence = {one.sequence}')
    return Expected(one.sequence, rows=(_row(one),))


async def version_deleted(of: Tampering, one: One) -> Expected:
    await of.run(f'delete from past."{one.table}" where sequence = {one.sequence}')
    return Expected(one.sequence, rows=(_row(one),))


async def version_doubled(of: Tampering, one: One) -> Expected:
    """It stands twice, alike in everything, so that the past holds a row too many."""
    await of.run(f'insert into past."{one.table}" select * from past."{one.table}" where sequence = {one.sequence}')
    return Expected(one.sequence, rows=(_row(one),))


async def version_inserted(of: Tampering, one: One) -> Expected:
    """Of a row that is there, made by no entry."""
    await of.run(
        f"""create temp table put_in on commit drop as select * from past."{one.table}" where sequence = {one.sequence}""",
        f"update put_in set sequence = {len(of.ones)} + 7",
        f'insert into past."{one.table}" select * from put_in',
        "drop table put_in",
    )
    return Expected(len(of.ones) + 7, rows=(_row(one),))


async def versions_swapped(of: Tampering, one: One) -> Expected | None:
    others = [other for other in of.ones if other.table == one.table and other.sequence != one.sequence]
    if not others:
        return None
    two = of.chance.choice(others)
    await of.run(
        *(
            f'update past."{one.table}" set sequence = {to} where sequence = {number}'
            for number, to in ((one.sequence, -1), (two.sequence, one.sequence), (-1, two.sequence))
        )
    )
    return Expected(min(one.sequence, two.sequence), rows=(_row(one), _row(two)))


async def hashed_anew(of: Tampering, one: One) -> Expected:
    await of.edit(one)
    await of.hashed_anew()
    await of.not_signed()
    return Expected(within=one.sequence)


async def checkpoints_gone(of: Tampering, one: One) -> Expected:
    """Altered, hashed anew, and no checkpoint left that says otherwise: the key's row, which is public, shows nothing."""
    await of.edit(one)
    await of.hashed_anew()
    await of.run("delete from checkpoint")
    return Expected(asked=True)


def _in_an_erasure(of: Tampering, size: int) -> bool:
    """Whether a journal of that many entries ends between an erasure's entries: so it never stood."""
    ends = [one.sequence for one in of.ones if one.table == "erased"]
    begins = [one.sequence for one in of.ones if one.erased]
    return any(min(begins) <= size < end for end in ends)


async def truncated(of: Tampering, one: One) -> Expected:
    """All from this entry on is gone, from tables and tiles as well; the checkpoints stay."""
    await of.folded_back(one.sequence - 1)
    return Expected(None if _in_an_erasure(of, one.sequence - 1) else one.sequence)


async def rolled_back(of: Tampering, one: One) -> Expected | None:
    """Cut, and later checkpoints gone too, as in an older backup: true in itself, and not what stood before."""
    if one.sequence == 1:
        return None
    await of.run(f"delete from checkpoint where size >= {one.sequence}")
    if _in_an_erasure(of, one.sequence - 1):
        return Expected(outside=True)
    return Expected(one.sequence, outside=True, clean_inside=True)


async def told_beside(of: Tampering, one: One) -> Expected:
    """The same, looked at on the machine on which it was signed."""
    return Expected(None if _in_an_erasure(of, one.sequence - 1) else one.sequence, beside=True)


async def held_edit(of: Tampering, one: One) -> Expected:
    await of.signed_anew()
    return Expected(within=one.sequence, outside=True)


async def held_deletion(of: Tampering, one: One) -> Expected:
    await of.run(
        f"""update journal_entry set version = version - 1 where "table" = '{one.table}' and "row" = {one.row}
        and version > {one.version}"""
    )
    await of.shift(one.sequence + 1, -1)
    await of.signed_anew()
    return Expected(outside=True)


async def held_insertion(of: Tampering, one: One) -> Expected:
    await of.signed_anew()
    return Expected(within=one.sequence, outside=True)


async def held_swap(of: Tampering, one: One) -> Expected:
    two = one.sequence + 1 if one.sequence < len(of.ones) else one.sequence - 1
    await of.swap(one.sequence, two)
    await of.signed_anew()
    return Expected(within=min(one.sequence, two), outside=True)


# A kind goes on from where the one before it in its line has left the register.
KINDS: list[dict[str, Kind]] = [
    {"image edited": entry_image},
    {"column edited": entry_column},
    {"row edited": row_edited},
    {"value edited": value_edited},
    {"entry deleted": entry_deleted, "deleted, key held": held_deletion},
    {"entry and row deleted": entry_and_row_deleted},
    {"row deleted": row_deleted},
    {"value deleted": value_deleted},
    {"entries swapped": entries_swapped},
    {"rows swapped": rows_swapped},
    {"values swapped": values_swapped},
    {"entry inserted": entry_inserted, "inserted, key held": held_insertion},
    {"row inserted": row_inserted, "its entry hidden": entry_hidden},
    {"value inserted": value_inserted},
    {"version edited": version_edited},
    {"version deleted": version_deleted},
    {"version inserted": version_inserted},
    {"version doubled": version_doubled},
    {"versions swapped": versions_swapped},
    {"hashed anew": hashed_anew, "signed anew, key held": held_edit},
    {"cut": truncated, "rolled back": rolled_back, "rolled back, seen from beside the key": told_beside},
    {"checkpoints gone": checkpoints_gone},
    {"swapped, key held": held_swap},
]


async def tampered(url: str, key: Path, chance: random.Random, numbers: Sequence[int]) -> list[dict[str, int]]:
    """Every kind upon each of the entries of a register that `live` made: how many of each kind were found."""
    at = await asyncpg.connect(url, statement_cache_size=2_000)
    try:
        of = Tampering(at, chance, keys.read(key))
        await of.begin()
        return [await of.each(of.ones[number - 1]) for number in numbers]
    finally:
        await at.close()


def tampered_apart(url: str, key: Path, seed: int, numbers: Sequence[int]) -> list[dict[str, int]]:
    """The same in a process of its own."""
    return asyncio.run(tampered(url, key, random.Random(seed), numbers))
