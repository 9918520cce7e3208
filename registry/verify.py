"""Replays the journal against everything that follows from it: entries, values, rows, documents, checkpoints, access log.

Whoever alters the database with its guards switched off leaves a trace: an entry its leaf, a row its newest entry, a value
its commitment, a cut journal the checkpoint before it. Whoever holds the key as well is found by a checkpoint that was
kept outside. Nothing is written.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any

import asyncpg
import msgspec

from registry import faults, journal, notes, schema, stands, tiles
from registry.errors import Refused
from registry.faults import Step, Verified, key_of
from registry.heads import Beside, another
from registry.notes import Checkpoint, Verifier
from registry.tree import Forest

BROUGHT = "the checkpoint you brought"


async def verify(
    at: asyncpg.Connection, kept: str | None = None, fingerprint: str | None = None, beside: Sequence[Beside] = ()
) -> Verified:
    """Looks at the whole register in the transaction of `at`, which should read one unmoving picture.

    `kept` is the note of a checkpoint from elsewhere, `fingerprint` that of the key which must stand and have signed a
    checkpoint, `beside` the heads that lie beside the keys of this machine (`heads.beside`).
    """
    done = Verified()
    async for _ in steps(at, done, kept, fingerprint, beside):
        pass
    return done


STEPS = ("signatures", "entries", "versions", "rows", "looks")  # the names of `steps`, in their order


async def steps(
    at: asyncpg.Connection,
    done: Verified,
    kept: str | None = None,
    fingerprint: str | None = None,
    beside: Sequence[Beside] = (),
) -> AsyncIterator[Step]:
    """The steps of `verify`, each told as soon as it is done; `done` gathers what all of them found."""
    stood = await _stood(at, done)
    heads = await _signed(at, done, stood, kept, fingerprint)
    heads += _beside(done, await _origin(at), await _newest(at), beside, stood)
    yield _step(done, "signatures", 0, _signed_so_far(done, stood, kept))
    before = len(done.faults)
    await _entries(at, done, heads)
    done.first = faults.first(done.faults)
    yield _step(done, "entries", before, f"{done.entries} entries, {done.values} values ({done.erased} erased){done.unsigned}")
    before = len(done.faults)
    await stands.versions(at, done)
    yield _step(done, "versions", before, f"the order of {done.entries} entries")
    before = len(done.faults)
    for table in schema.tables():
        done.follow(await stands.rows(at, table))
    yield _step(done, "rows", before, f"{done.rows} rows of {len(schema.tables())} tables")
    before = len(done.faults)
    await stands.looks(at, done, heads)
    if done.first is None:
        done.first = faults.first(done.faults)
    done.shown = done.shown and not done.faults
    yield _step(done, "looks", before, done.looked)


def _signed_so_far(done: Verified, stood: list[Verifier], kept: str | None) -> str:
    if not stood:
        return "none: no key has signed yet, so nothing shows since when all of it reads so"
    kept_here = f"{done.checkpoints} checkpoint{'' if done.checkpoints == 1 else 's'}"
    return f"{len(stood)} {'key' if len(stood) == 1 else 'keys'}, {kept_here}{' and yours' if kept else ''}"


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
    name, size = await _origin(at), await _newest(at)
    for one in stood:
        if one.name != name:
            done.add(
                f"the key {one.fingerprint[:16]}… is another register's: {one.name}", table="signing_key", row=one.fingerprint
            )
    heads, before = [], 0
    asked = fingerprint.strip().lower() if fingerprint is not None else None
    for number, at_size, note in await at.fetch("select id, size, note from public.checkpoint order by id"):
        done.checkpoints += 1
        called = f"checkpoint {number}"
        head = _head(done, note, stood, called, asked)
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
        head = _head(done, kept, stood, BROUGHT, asked)
        if head is not None:
            if head.origin != name:
                done.add(f"{BROUGHT} is of another register: {head.origin}, not {name}")
            heads.append((head, BROUGHT))
    if asked is not None:
        _key_fits(done, stood, asked)
    done.shown = (kept is not None or asked is not None) and not done.faults
    _reached(done, heads, size)
    return heads


def _key_fits(done: Verified, stood: list[Verifier], asked: str) -> None:
    """The key that was brought stands, and signed a checkpoint: its row alone, which is public, shows nothing."""
    if not stood or stood[-1].fingerprint != asked:
        said = stood[-1].fingerprint if stood else "none"
        done.add(f"the key that stands is {said}, not the one you brought: {asked}", table="signing_key")
    elif done.covered is None:
        done.add("no checkpoint on file is signed by the key you brought: nothing shows since when the journal reads so")


def _reached(done: Verified, heads: list[tuple[Checkpoint, str]], size: int) -> None:
    for head, called in heads:
        if head.size > size:
            done.add(f"{called} covers {head.size} entries, the journal has {size}: it was cut, or is an older one", size + 1)
            done.shown = False


def _beside(
    done: Verified, name: str, size: int, beside: Sequence[Beside], stood: list[Verifier]
) -> list[tuple[Checkpoint, str]]:
    """The heads of this register that lie beside keys of this machine."""
    heads = []
    for one in beside:
        try:
            head = one.head()
        except Refused as error:
            done.add(str(error))
            continue
        if wrong := another(one, head, name, [key.fingerprint for key in stood]):
            done.add(wrong)
        if head.origin == name:
            heads.append((head, one.called))
    _reached(done, heads, size)
    return heads


def _head(done: Verified, note: str, stood: list[Verifier], called: str, asked: str | None) -> Checkpoint | None:
    """What a checkpoint states; `done.covered` is how far those reach that the key asked about signed, or any that stood."""
    try:
        text, by = notes.opened(note, stood)
        if not by:
            done.add(f"{called}: no key of this register signed it", table="checkpoint")
        head = notes.checkpoint(text)
        if any(asked in (None, one.fingerprint) for one in by):
            done.covered = max(done.covered or 0, head.size)
        return head
    except Refused as error:
        done.add(f"{called}: {error}", table="checkpoint")
        return None


async def _origin(at: asyncpg.Connection) -> str:
    """What names this register's tree (see `keys.origin`), where its first entry is still there."""
    nonce = await at.fetchval("select nonce from public.journal_entry where sequence = 1")
    return "onward/?" if nonce is None else f"onward/{nonce.hex()}"


async def _newest(at: asyncpg.Connection) -> int:
    """Where the journal's head says that it stands; 0 where somebody took the head out."""
    return await at.fetchval("select sequence from public.journal_head where id = 1") or 0


async def _entries(at: asyncpg.Connection, done: Verified, heads: list[tuple[Checkpoint, str]]) -> None:
    """Each entry in its order: number, time, values behind its commitments, leaf; and the tree at each checkpoint."""
    sizes: dict[int, list[tuple[Checkpoint, str]]] = {}
    for head, called in heads:
        sizes.setdefault(head.size, []).append((head, called))
    erased = await _erased(at)
    forest, number, time, good = Forest(), 0, None, 0
    last = await _newest(at)
    _at_size(done, sizes, forest, good)
    lowest, highest = await at.fetchrow(
        "select coalesce(min(sequence), 1), coalesce(max(sequence), 0) from public.journal_entry"
    )
    if lowest < 1:
        done.add("stands before the first entry, where none can: it was put in", lowest)
    async for batch, values, leaves in _batches(at, max(last, highest)):
        for row in batch:
            number += 1
            if row["sequence"] != number:
                gone = row["sequence"] - 1
                done.add("is missing" if gone == number else f"entries {number} to {gone} are missing", number)
                number = row["sequence"]
            now = row["at"].replace(tzinfo=UTC)  # it is UTC, or one of the two infinities, which have no zone
            if time is not None and now < time:
                done.add("earlier than the entry before it", number, row["table"], key_of(_image(row), row["row"]))
            time = now
            leaf = tiles.leaf(row)
            if not leaf or leaves.get(number, leaf) != leaf:
                what = "is not what it was when its leaf was made" if leaf else "holds what no entry can: it was altered"
                done.add(what, number, row["table"], await _called(at, row))
            forest.add(leaf)
            _values(done, row, values.get(number, {}), erased)
            done.entries += 1
            good = _at_size(done, sizes, forest, good)
    async for wrong in tiles.unsound(at):
        done.add(wrong, table="tile")
    if number != last:
        done.add(f"the journal's head stands at {last}, its last entry is {number}", min(number, last) + 1)


async def _called(at: asyncpg.Connection, row: Any) -> str:
    """The key of an altered entry's row: as the row itself says, for the entry's own word may be what was altered."""
    stands = None
    if row["table"] in schema.by_name():
        stands = await at.fetchval(f"""select key from public."{row["table"]}" where id = $1""", row["row"])
    return stands or key_of(_image(row), row["row"])


def _image(row: Any) -> dict[str, Any]:
    """An entry's image; empty where somebody made something else of it."""
    try:
        image = msgspec.json.decode(row["image"])
    except msgspec.MsgspecError:
        return {}
    return image if isinstance(image, dict) else {}


def _at_size(done: Verified, sizes: dict[int, list[tuple[Checkpoint, str]]], forest: Forest, good: int) -> int:
    """Compares the tree with the checkpoints of its size; returns the last size at which one on file was right."""
    right = 0
    for head, called in sizes.get(forest.size, ()):
        if forest.root() == head.root:
            right = good if called is BROUGHT else forest.size
        else:  # who could sign anew what is on file says nothing by it: against what was brought, any entry may be the one
            begin = 1 if called is BROUGHT else good + 1
            done.add(f"{called} does not fit: something among them was altered", begin, until=head.size)
    return max(good, right)


async def _batches(
    at: asyncpg.Connection, last: int
) -> AsyncIterator[tuple[list[Any], dict[int, dict[str, tuple[bytes, str]]], dict[int, bytes]]]:
    """Entries with the values behind them and the leaves in the tiles, by sequence."""
    begin = 0
    async for batch in tiles.entries(at, 0, last):
        end = begin + tiles.BATCH
        values: dict[int, dict[str, tuple[bytes, str]]] = {}
        for sequence, name, salt, value in await at.fetch(
            """select sequence, name, salt, value from public.journal_value where sequence > $1 and sequence <= $2
            order by id""",
            begin,
            end,
        ):
            behind = values.setdefault(sequence, {})
            behind[f"{name} (a second one)" if name in behind else name] = (salt, value)
        leaves: dict[int, bytes] = {}
        for index, hashes in await at.fetch(
            "select id, hashes from public.tile where id >= $1 and id < $2", begin // tiles.TILE, end // tiles.TILE
        ):
            for place in range(len(hashes) // 32):
                leaves[index * tiles.TILE + place + 1] = hashes[place * 32 : place * 32 + 32]
        yield batch, values, leaves
        begin = end


async def _erased(at: asyncpg.Connection) -> set[str]:
    """What erasures say that they took, as the entries say it: rows can be altered, entries cannot unseen."""
    rows = await at.fetch("""select image->>'values' from public.journal_entry where "table" = 'erased'""")
    found: set[str] = set()
    for (values,) in rows:
        with suppress(msgspec.MsgspecError):  # an entry that was altered, which its leaf tells
            found.update(msgspec.json.decode(values or "[]", type=list[str]))
    return found


def _values(done: Verified, row: Any, behind: dict[str, tuple[bytes, str]], erased: set[str]) -> None:
    """Each commitment of an entry against the value behind it; only what an erasure names may be missing."""
    number, table = row["sequence"], schema.by_name().get(row["table"])
    image = _image(row)
    called = key_of(image, row["row"])
    names = () if table is None else schema.personal(table)
    committed = {name: image[name] for name in names if image.get(name) is not None}
    if row["why"] is not None:
        committed[schema.WHY] = row["why"]
    for name, commitment in committed.items():
        done.values += 1
        if name not in behind:
            done.erased += 1
            if f"{number}:{name}" not in erased:
                done.add(f"the value of {name} is missing, and no erasure names it", number, row["table"], called)
        elif journal.commitment(*behind[name]) != commitment:
            done.add(f"the value of {name} is not the one it was", number, row["table"], called)
    for name in behind.keys() - committed.keys():
        done.add(f"a value of {name} stands behind it that it does not speak of", number, row["table"], called)
