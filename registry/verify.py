"""Replays the journal against everything that follows from it: entries, values, rows, documents, checkpoints, access log.

Whoever alters the database with its guards switched off leaves a trace: an entry its leaf, a row its newest entry, a value
its commitment, a cut journal the checkpoint before it. Whoever holds the key as well is found by a checkpoint that was
kept outside. Nothing is written.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import msgspec
from piccolo.table import Table

from registry import checkpoints, journal, keys, notes, schema, tree
from registry.checkpoints import TILE
from registry.errors import Refused
from registry.faults import Step, Verified
from registry.notes import Checkpoint, Verifier
from registry.tree import Forest


async def verify(at: asyncpg.Connection, kept: str | None = None, fingerprint: str | None = None) -> Verified:
    """Looks at the whole register in the transaction of `at`, which should read one unmoving picture.

    `kept` is the note of a checkpoint from elsewhere, `fingerprint` that of the key which must stand.
    """
    done = Verified()
    async for _ in steps(at, done, kept, fingerprint):
        pass
    return done


STEPS = ("signatures", "entries", "versions", "rows", "looks")  # the names of `steps`, in their order


async def steps(
    at: asyncpg.Connection, done: Verified, kept: str | None = None, fingerprint: str | None = None
) -> AsyncIterator[Step]:
    """The steps of `verify`, each told as soon as it is done; `done` gathers what all of them found."""
    stood = await _stood(at, done)
    heads = await _signed(at, done, stood, kept, fingerprint)
    yield _step(done, "signatures", 0, _signed_so_far(done, stood, kept))
    before = len(done.faults)
    await _entries(at, done, heads)
    yield _step(done, "entries", before, f"{done.entries} entries, {done.values} values ({done.erased} erased)")
    before = len(done.faults)
    await _versions(at, done)
    yield _step(done, "versions", before, f"the order of {done.entries} entries")
    before = len(done.faults)
    for table in schema.tables():
        await _rows(at, done, table)
    yield _step(done, "rows", before, f"{done.rows} rows of {len(schema.tables())} tables")
    before = len(done.faults)
    await _looks(at, done, heads)
    yield _step(done, "looks", before, done.looked)


def _signed_so_far(done: Verified, stood: list[Verifier], kept: str | None) -> str:
    if not stood:
        return "none: no key has signed yet, so nothing shows since when all of it reads so"
    return f"{len(stood)} {'key' if len(stood) == 1 else 'keys'}, {done.checkpoints} checkpoints{' and yours' if kept else ''}"


def _step(done: Verified, name: str, before: int, counted: str) -> Step:
    return Step(name, counted, done.faults[before:])


async def _stood(at: asyncpg.Connection, done: Verified) -> list[Verifier]:
    """The keys that signed for this register, those told that are none."""
    stood = []
    for key, vkey in await at.fetch("select key, vkey from public.signing_key order by id"):
        try:
            stood.append(notes.verifier(vkey))
        except Refused as error:
            done.add(str(error), table="signing_key", row=key)
    return stood


async def _signed(
    at: asyncpg.Connection, done: Verified, stood: list[Verifier], kept: str | None, fingerprint: str | None
) -> list[tuple[Checkpoint, str]]:
    """The checkpoints on file and the one kept outside, each with how it is called; what is wrong with them is told."""
    name, size = await keys.origin(at), await journal.newest(at)
    for one in stood:
        if one.name != name:
            done.add(
                f"the key {one.fingerprint[:16]}… is another register's: {one.name}", table="signing_key", row=one.fingerprint
            )
    if fingerprint is not None:
        done.shown = bool(stood) and stood[-1].fingerprint == fingerprint.strip().lower()
        if not done.shown:
            said = stood[-1].fingerprint if stood else "none"
            done.add(f"the key that stands is {said}, not the one you brought: {fingerprint}", table="signing_key")
    heads, before = [], 0
    for number, at_size, note in await at.fetch("select id, size, note from public.checkpoint order by id"):
        done.checkpoints += 1
        called = f"checkpoint {number}"
        head = _head(done, note, stood, called)
        if head is None:
            continue
        if head.size != at_size or head.origin != name:
            done.add(
                f"{called} says {head.size} entries of {head.origin}, the row says {at_size}", table="checkpoint", row=number
            )
        if head.size < before:
            done.add(f"{called} covers fewer entries than the one before it", table="checkpoint", row=number)
        before = max(before, head.size)
        heads.append((head, called))
    if kept is not None:
        head = _head(done, kept, stood, "the checkpoint you brought")
        if head is not None:
            if head.origin != name:
                done.add(f"the checkpoint you brought is of another register: {head.origin}, not {name}")
            heads.append((head, "the checkpoint you brought"))
            done.shown = not done.faults
    for head, called in heads:
        if head.size > size:
            done.add(f"{called} covers {head.size} entries, the journal has {size}: it was cut, or is an older one", size + 1)
            done.shown = False
    return heads


def _head(done: Verified, note: str, stood: list[Verifier], called: str) -> Checkpoint | None:
    try:
        text, by = notes.opened(note, stood)
        if not by:
            done.add(f"{called}: no key of this register signed it", table="checkpoint")
        return notes.checkpoint(text)
    except Refused as error:
        done.add(f"{called}: {error}", table="checkpoint")
        return None


async def _entries(at: asyncpg.Connection, done: Verified, heads: list[tuple[Checkpoint, str]]) -> None:
    """Each entry in its order: number, time, values behind its commitments, leaf; and the tree at each checkpoint."""
    sizes: dict[int, list[tuple[Checkpoint, str]]] = {}
    for head, called in heads:
        sizes.setdefault(head.size, []).append((head, called))
    erased = await _erased(at)
    forest, number, time, good = Forest(), 0, None, 0
    last = await journal.newest(at)
    _at_size(done, sizes, forest, good)
    async for batch, values, leaves in _batches(at, max(last, await _highest(at))):
        for row in batch:
            number += 1
            if row["sequence"] != number:
                done.add(f"entries {number} to {row['sequence'] - 1} are missing", number)
                number = row["sequence"]
            if time is not None and row["at"] < time:
                done.add("earlier than the entry before it", number, row["table"], row["row"])
            time = row["at"]
            _values(done, row, values.get(number, {}), erased)
            leaf = tree.leaf_hash(checkpoints.canonical(tuple(row)))
            if leaves.get(number, leaf) != leaf:
                done.add("is not what it was when its leaf was made", number, row["table"], row["row"])
            forest.add(leaf)
            done.entries += 1
            good = _at_size(done, sizes, forest, good)
    if number != last:
        done.add(f"the journal's head stands at {last}, its last entry is {number}", min(number, last) + 1)


def _at_size(done: Verified, sizes: dict[int, list[tuple[Checkpoint, str]]], forest: Forest, good: int) -> int:
    """Compares the tree with the checkpoints of its size; returns the last size at which it was right."""
    for head, called in sizes.get(forest.size, ()):
        if forest.root() != head.root:
            done.add(f"{called} does not fit: something in entries {good + 1} to {head.size} was altered")
            done.shown = False
            return good
    return forest.size if forest.size in sizes else good


async def _batches(
    at: asyncpg.Connection, last: int
) -> AsyncIterator[tuple[list[Any], dict[int, dict[str, tuple[bytes, str]]], dict[int, bytes]]]:
    """Entries with the values behind them and the leaves in the tiles, by sequence."""
    begin = 0
    async for batch in checkpoints.entries(at, 0, last):
        end = begin + checkpoints.BATCH
        values: dict[int, dict[str, tuple[bytes, str]]] = {}
        for sequence, name, salt, value in await at.fetch(
            "select sequence, name, salt, value from public.journal_value where sequence > $1 and sequence <= $2", begin, end
        ):
            values.setdefault(sequence, {})[name] = (salt, value)
        leaves: dict[int, bytes] = {}
        for index, hashes in await at.fetch(
            "select id, hashes from public.tile where id >= $1 and id < $2", begin // TILE, end // TILE
        ):
            for place in range(len(hashes) // 32):
                leaves[index * TILE + place + 1] = hashes[place * 32 : place * 32 + 32]
        yield batch, values, leaves
        begin = end


async def _highest(at: asyncpg.Connection) -> int:
    return int(await at.fetchval("select coalesce(max(sequence), 0) from public.journal_entry"))


async def _erased(at: asyncpg.Connection) -> set[str]:
    """What erasures say that they took, as the entries say it: rows can be altered, entries cannot unseen."""
    rows = await at.fetch("""select image->>'values' from public.journal_entry where "table" = 'erased'""")
    return {value for row in rows for value in msgspec.json.decode(row[0] or "[]", type=list[str])}


def _values(done: Verified, row: Any, behind: dict[str, tuple[bytes, str]], erased: set[str]) -> None:
    """Each commitment of an entry against the value behind it; only what an erasure names may be missing."""
    number, table = row["sequence"], schema.by_name().get(row["table"])
    image = msgspec.json.decode(row["image"])
    names = () if table is None else schema.personal(table)
    committed = {name: image[name] for name in names if image.get(name) is not None}
    if row["why"] is not None:
        committed[schema.WHY] = row["why"]
    for name, commitment in committed.items():
        done.values += 1
        if name not in behind:
            done.erased += 1
            if f"{number}:{name}" not in erased:
                done.add(f"the value of {name} is missing, and no erasure names it", number, row["table"], image.get("key"))
        elif journal.commitment(*behind[name]) != commitment:
            done.add(f"the value of {name} is not the one it was", number, row["table"], image.get("key"))
    for name in behind.keys() - committed.keys():
        done.add(f"a value of {name} stands behind it that it does not speak of", number, row["table"], image.get("key"))


async def _versions(at: asyncpg.Connection, done: Verified) -> None:
    """Versions of a row go up by one."""
    for number, table, row in await at.fetch("""select sequence, "table", "row" from (
            select sequence, "table", "row", version, row_number() over (partition by "table", "row" order by sequence) place
            from public.journal_entry) e where version <> place order by sequence limit 100"""):
        done.add("its version does not follow the one before it", number, table, row)
    for number, count in await at.fetch("""select v.sequence, count(*) from public.journal_value v
            left join public.journal_entry e using (sequence) where e.sequence is null group by 1 order by 1 limit 100"""):
        done.add(f"{count} values stand behind an entry that is not there", number)


async def _rows(at: asyncpg.Connection, done: Verified, table: type[Table]) -> None:
    """Every row against its newest entry, every entry's row against the table, every document against its SHA-256."""
    title, personal = schema.name(table), schema.personal(table)
    async for row, image, number, values in at.cursor(
        f"""select {schema.image(table, "t")}::text, e.image::text, e.sequence,
            (select jsonb_object_agg(v.name, v.value)::text from public.journal_value v where v.sequence = e.sequence)
        from public."{title}" t left join lateral (
            select image, sequence from public.journal_entry e where e."table" = '{title}' and e."row" = t.id
            order by version desc limit 1) e on true order by t.id"""
    ):
        done.rows += 1
        stands = msgspec.json.decode(row)
        if image is None:
            done.add("no entry speaks of this row", None, title, stands["key"])
            continue
        known, behind = msgspec.json.decode(image), msgspec.json.decode(values or "{}")
        for name in _differing(stands, known, personal, behind):
            done.add(f"{name} is not what its newest entry says", number, title, stands["key"])
    for number, row in await at.fetch(
        f"""select min(e.sequence), e."row" from public.journal_entry e where e."table" = '{title}'
        and not exists (select from public."{title}" t where t.id = e."row") group by 2 order by 1 limit 100"""
    ):
        done.add("the row it wrote is gone", number, title, row)
    for column in schema.contents(table):
        for (key,) in await at.fetch(
            f"""select key from public."{title}" where "{column}" is null or encode(sha256("{column}"), 'hex') <> sha256"""
        ):
            done.add("its bytes are not those of its SHA-256", None, title, key)


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


async def _looks(at: asyncpg.Connection, done: Verified, heads: list[tuple[Checkpoint, str]]) -> None:
    """The access log's chain of days against what checkpoints say of it."""
    said: dict[date, set[tuple[str, str]]] = {}
    for head, called in heads:
        for line in head.more:
            if line.startswith("looks "):
                _, until, claim = line.split(" ")
                said.setdefault(date.fromisoformat(until), set()).add((claim, called))
    chain, days = checkpoints.NO_LOOKS, {date.min: checkpoints.NO_LOOKS}
    today = datetime.now(UTC).date()
    done.looks_today = await at.fetchval(
        "select count(*) from public.look where at >= $1", datetime.combine(today, datetime.min.time(), UTC)
    )
    async for day, rows in checkpoints.looks(at, date.min, today):
        chain = days[day] = checkpoints.chained(chain, rows)
        done.looks += len(rows)
    for day, claims in sorted(said.items()):
        for claim, called in sorted(claims):
            if days.get(day) != claim:
                done.add(
                    f"the access log up to {day} is not what {called} says: a look was altered, taken out or put in",
                    table="look",
                )
                return
