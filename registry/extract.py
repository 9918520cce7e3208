"""What of the register leaves the house in a bundle: the journal's lines with what proves them, and what is withheld.

Withheld is a whole thing, every entry about it: of such an entry the leaf's hash is given, so that the root still comes out.
Or a personal value: it is left out, and its commitment stays.
"""

from collections import defaultdict
from enum import StrEnum
from typing import Any

import asyncpg
import msgspec
from piccolo.columns import Bytea

from registry import schema, tiles, tree
from registry.errors import Misused
from registry.journal import Row
from registry.register import ITSELF

Thing = tuple[str, int]


class Redaction(StrEnum):
    """For whom a bundle is made, where it is not for those who may see all."""

    PUBLIC = "public"
    CLIENT = "client"
    AUTHORITY = "authority"


HIDDEN: dict[Redaction | None, set[str]] = {
    None: set(),
    Redaction.PUBLIC: {"person", "contact", "notice"},
    Redaction.CLIENT: {"person", "contact"},
    Redaction.AUTHORITY: {"person"},
}

# What speaks of a vendor: a table's column, and the table whose things it leads to. Whatever these refer to goes with them.
ABOUT = (
    *((table, "vendor", "vendor") for table in ("engagement", "decision", "review", "assurance", "notice", "alert", "case")),
    *((table, "engagement", "engagement") for table in ("contract", "transfer", "case")),
    *((table, "transfer", "transfer") for table in ("assessment", "suspension", "alert")),
)
ROUTES = (  # what speaks of a party in the vendor's chain, unless it is for an engagement of another vendor
    ("sub_processing", "processor"),
    ("safeguard", "importer"),
    ("impact_assessment", "importer"),
    ("certification", "party"),
)


class Cut(msgspec.Struct, frozen=True):
    """What a bundle shows: for whom, and where it is about one vendor, of which things."""

    redaction: Redaction | None = None
    vendor: str | None = None
    things: frozenset[Thing] | None = None

    @property
    def called(self) -> str:
        return " ".join(word for word in (self.redaction or "no", self.vendor) if word)

    @property
    def personal(self) -> bool:
        """Whether personal values and the bytes of documents are shown."""
        return self.redaction in {None, Redaction.AUTHORITY}

    def shows(self, table: str, thing: int) -> bool:
        return table not in HIDDEN[self.redaction] and (self.things is None or (table, thing) in self.things)

    def row(self, table: str, row: Row) -> Row | None:
        """The row as it is shown, without what is withheld and without the keys of things that are; None if it is not."""
        if not self.shows(table, row["thing"]):
            return None
        kind = schema.by_name()[table]
        gone = set() if self.personal else {*schema.personal(kind), *schema.contents(kind)}
        gone |= {name for name, to in schema.links(kind).items() if row[name] is not None and not self.shows(to, row[name])}
        return row | dict.fromkeys(gone)


class Extract(msgspec.Struct, frozen=True):
    """The journal's part of a bundle: its files, and how much of it is not in them."""

    files: dict[str, bytes]
    withheld_entries: int
    withheld_values: int
    erased_values: int
    logins: int  # entries shown that name who acted by a login


async def cut(at: asyncpg.Connection, redaction: Redaction | None, vendor: str | None) -> Cut:
    """What is to be shown of the picture that `at` reads. Raises Misused for a vendor without need, or that there is not."""
    if (redaction is Redaction.CLIENT) is not (vendor is not None):
        raise Misused("--vendor KEY goes with --redact client, and that with it: name the one vendor the bundle is about")
    if vendor is None:
        return Cut(redaction)
    thing = await at.fetchval("select thing from vendor where key = $1 limit 1", vendor)
    if thing is None:
        raise Misused(f"--vendor: no vendor has the key {vendor!r} on that day; `onward export register` lists the keys")
    return Cut(redaction, vendor, frozenset(await _about(at, thing)))


async def _about(at: asyncpg.Connection, vendor: int) -> set[Thing]:
    """A vendor, what speaks of it and of the chain beneath it, and everything that these refer to."""
    rows: dict[str, list[Any]] = {}
    for table in schema.tables():
        listed = ", ".join(f'"{name}"' for name in ("thing", *schema.links(table)))
        rows[schema.name(table)] = await at.fetch(f'select {listed} from "{schema.name(table)}"')
    found: set[Thing] = {("vendor", vendor)}
    for title, column, to in ABOUT:
        found |= {(title, row["thing"]) for row in rows[title] if (to, row[column]) in found}
    found |= _beneath(rows, found)
    links = {schema.name(table): schema.links(table) for table in schema.tables()}
    by_thing: dict[Thing, list[Any]] = defaultdict(list)
    for name, all_of_it in rows.items():
        for row in all_of_it:
            by_thing[name, row["thing"]].append(row)
    waiting = list(found)
    for one in waiting:
        for row in by_thing[one]:
            fresh = {(to, row[name]) for name, to in links[one[0]].items() if row[name] is not None} - found
            waiting += fresh
            found |= fresh
    return found | {(name, row["thing"]) for name in ("register", "signing_key", "law_pack") for row in rows[name]}


def _beneath(rows: dict[str, list[Any]], about: set[Thing]) -> set[Thing]:
    """What speaks of the vendor's party, of those to whom it passes data on, and so forth."""
    parties = [row["party"] for row in rows["vendor"] if ("vendor", row["thing"]) in about]
    found: set[Thing] = set()
    for party in parties:
        for table, column in ROUTES:
            for row in (row for row in rows[table] if row[column] == party):
                engagement = row["engagement"] if "engagement" in schema.links(schema.by_name()[table]) else None
                if engagement is not None and ("engagement", engagement) not in about:
                    continue
                found.add((table, row["thing"]))
                if table == "sub_processing" and row["sub_processor"] not in parties:
                    parties.append(row["sub_processor"])
    return found


async def extract(at: asyncpg.Connection, last: int, size: int, shown: Cut) -> Extract:
    """Entries 1 to `last` as far as they are shown, later ones that name a key, and the leaves of all others up to `size`, the
    checkpoint's."""
    named = await _naming(at, last) if shown.redaction is Redaction.PUBLIC else set()
    lines, leaves, keys, numbers, held, logins = [], [], [], set(), 0, 0
    async for batch in tiles.entries(at, 0, size):
        for row in batch:
            line, image = tiles.canonical(row), msgspec.json.decode(row["image"])
            thing = (row["table"], image["thing"])
            if row["sequence"] <= last and shown.shows(*thing) and thing not in named:
                lines.append(line + b"\n")
                numbers.add(row["sequence"])
                held += _commitments(row["table"], image) + (row["why"] is not None)
                logins += row["who"].startswith("cli:")
            elif row["sequence"] > last and row["table"] == "signing_key" and shown.redaction is not Redaction.PUBLIC:
                keys.append(line + b"\n")  # whoever knows a key by an older record is led from it to the one that signs
                logins += row["who"].startswith("cli:")
            else:
                leaves.append(f"{row['sequence']} {tree.leaf_hash(line).hex()}\n".encode())
    values, there = await _values(at, last, numbers, shown)
    files = {
        "journal/entries.jsonl": b"".join(lines),
        "journal/keys.jsonl": b"".join(keys),
        "journal/withheld.txt": b"".join(leaves),
        "journal/values.jsonl": b"".join(values),
        "journal/tables.json": described(),
    }
    return Extract(files, last - len(lines), there - len(values), held - there, logins)


async def _naming(at: asyncpg.Connection, last: int) -> set[Thing]:
    """Things of which an entry names a person who acted, by key or login."""
    rows = await at.fetch(
        """select distinct "table", (image->>'thing')::bigint from public.journal_entry
        where sequence <= $1 and who not like 'system:%'""",
        last,
    )
    return {(table, thing) for table, thing in rows}


def _commitments(table: str, image: Row) -> int:
    kind = schema.by_name().get(table)
    return 0 if kind is None else sum(image.get(name) is not None for name in schema.personal(kind))


async def _values(at: asyncpg.Connection, last: int, numbers: set[int], shown: Cut) -> tuple[list[bytes], int]:
    """The values behind the entries shown, a line each, as far as they are shown; and how many there are."""
    rows = await at.fetch(
        "select sequence, name, salt, value from public.journal_value where sequence <= $1 order by sequence, name", last
    )
    behind = [row for row in rows if row["sequence"] in numbers]
    lines = [
        msgspec.json.encode({"name": name, "salt": salt.hex(), "sequence": sequence, "value": value}) + b"\n"
        for sequence, name, salt, value in behind
        if shown.personal
    ]
    return lines, len(behind)


def described() -> bytes:
    """What an image must be read with: which columns are commitments, what links lead to, what a file leaves out."""
    about = {
        schema.name(table): {
            "personal": list(schema.personal(table)),
            "links": schema.links(table),
            "contents": list(schema.contents(table)),
            "defaults": {
                name: column.get_default_value()
                for name, column in schema.columns(table).items()
                if name not in schema.OWN and not (column._meta.required or column._meta.null) and not isinstance(column, Bytea)
            },
        }
        for table in schema.tables()
        if schema.name(table) not in ITSELF
    }
    return msgspec.json.format(msgspec.json.encode(about), indent=1) + b"\n"
