"""Which law a register judges by: the packs it has adopted, each from a day until the next, with all their files.

Whatever judges and writes does it by the pack that rules, on every machine; the first of them makes the files of its
program that pack. From then on another takes its place by `adopt` alone, through the journal.
"""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import msgspec

from registry import database, journal, law
from registry.errors import Refused
from registry.journal import Book
from registry.law import Pack, packs
from registry.law.packs import Kept
from registry.tables import LawPack
from registry.vocabulary import EntryKind

KEY = "law"
ADOPTING = 0x6F6E6C6177  # the advisory lock of those who make another law the present one
_RULES = "select id, thing, version, since, fingerprint, sha256, content from public.law_pack where until is null"
_ON_FILE = """select p.fingerprint, p.since, p.until, e.at, e.who, e.sequence,
    (select v.value from public.journal_value v where v.sequence = e.sequence and v.name = '(why)') as why
from public.law_pack p join public.journal_entry e on e."table" = 'law_pack' and e."row" = p.id and e.version = 1
order by e.sequence"""


class Adopted(msgspec.Struct, frozen=True):
    """A law pack on file: from when until when it ruled (by the days of the register), when it was adopted and by whom."""

    version: str
    since: date
    until: date | None
    at: datetime
    who: str
    sequence: int
    why: str | None

    @property
    def rules(self) -> bool:
        return self.until is None


async def on_file(at: asyncpg.Connection) -> list[Adopted]:
    """Every pack that was adopted, in that order; one that was adopted twice stands twice."""
    return [
        Adopted(row["fingerprint"], *(row[name] for name in ("since", "until", "at", "who", "sequence", "why")))
        for row in await at.fetch(_ON_FILE)
    ]


async def rules(at: asyncpg.Connection) -> str | None:
    """The fingerprint of the pack that rules; None before the first."""
    found = await at.fetchval("select fingerprint from public.law_pack where until is null")
    return None if found is None else str(found)


async def cause(at: asyncpg.Connection, version: str) -> str:
    """What an adoption is to those who must hear of it; a law that is adopted again is another cause each time."""
    times = await at.fetchval("select count(*) from public.law_pack where fingerprint = $1", version)
    return f"law-pack:{version}" + (f":{times}" if times > 1 else "")


async def of_version(at: asyncpg.Connection, version: str) -> Pack | None:
    """The pack of a fingerprint; None where it is not on file. Raises LawError where it cannot be read."""
    if version == database.brought():
        return law.brought()
    return law.kept_pack(await _kept(at, version)) if version in await _versions(at) else None


async def _versions(at: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await at.fetch("select distinct fingerprint from public.law_pack")]


async def _kept(at: asyncpg.Connection, version: str) -> Kept:
    content = await at.fetchval("select content from public.law_pack where fingerprint = $1 order by id desc limit 1", version)
    return Kept(version, content)


async def chosen(at: asyncpg.Connection, said: str) -> Kept | None:
    """The pack whose fingerprint begins as said, of those on file; None where that is the one which this program brings.

    Raises Misused, naming those there are, where none does or several do.
    """
    own, there = database.brought() or "", await _versions(at)
    version = packs.named(said, [*there, own] if own else there)
    return None if version == own else await _kept(at, version)


async def ruling(book: Book, brought: Pack) -> Pack:
    """The pack by which this transaction judges. Where a register has none yet, the one brought becomes it, here."""
    row = await book.at.fetchrow(_RULES)
    if row is None:
        await book.at.execute("select pg_advisory_xact_lock($1)", ADOPTING)
        row = await book.at.fetchrow(_RULES)  # somebody else may have been quicker
    if row is None:
        await book.record(LawPack, await _row(book, brought, None))
        return brought
    if row["fingerprint"] == brought.version:
        return brought
    return law.kept_pack(Kept(row["fingerprint"], row["content"]))


async def adopt(pack: Pack, who: str, why: str | None, instead: str | None) -> Adopted | None:
    """Makes a pack the one that rules, in place of the one that was seen to rule; None where it ruled already.

    Raises Refused where another came to rule in the meantime: what was previewed against is no longer so.
    """
    async with journal.writing(who, why) as book:
        await book.at.execute("select pg_advisory_xact_lock($1)", ADOPTING)
        before = await book.at.fetchrow(_RULES)
        if before is not None and before["fingerprint"] == pack.version:
            return None
        if (before and before["fingerprint"]) != instead:
            said = before["fingerprint"][: packs.SHOWN] if before else "none"
            raise Refused(f"another law was adopted in the meantime ({said}): look at what would change now, then adopt")
        row = await _row(book, pack, before)
        if before is not None:
            await book.end(LawPack, [(before["id"], before["version"])], row["since"])
            row["thing"] = before["thing"]
        await book.record(LawPack, row, kind=EntryKind.CHANGED if before else EntryKind.RECORDED)
        await book.enter()
        return (await on_file(book.at))[-1]


async def unreadable(at: asyncpg.Connection) -> Sequence[str]:
    """What is wrong with the packs on file: a line for each that is not what its fingerprint says."""
    faults = []
    for version, content in await at.fetch("select fingerprint, content from public.law_pack order by id"):
        try:
            packs.opened(Kept(version, content or b""))
        except law.LawError as error:
            faults.append(str(error))
    return faults


async def _row(book: Book, pack: Pack, before: asyncpg.Record | None) -> journal.Row:
    """The row of a pack that rules from today on: never earlier than the one before it."""
    content = packs.packed(pack.sources)
    law.kept_pack(Kept(pack.version, content))  # what is kept can be read again, or is not kept
    today = await journal.today(book.at)
    return {
        "key": KEY,
        "since": max(today, before["since"]) if before else today,
        "fingerprint": pack.version,
        "sha256": packs.digest(content),
        "content": "\\x" + content.hex(),
    }
