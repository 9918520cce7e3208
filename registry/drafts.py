"""What a person has typed and not yet recorded: theirs alone, and gone once it is recorded."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from registry import database

KEPT = timedelta(days=60)
KEY_BYTES = 18  # 24 signs in an address
BECAME = "+became"  # stands in the place of everything typed once it is recorded: the key of the vendor
Content = dict[str, list[str]]


class Draft(msgspec.Struct, frozen=True):
    key: str
    at: datetime
    content: Content


def key() -> str:
    """The key of a draft that is not kept yet: it stands in the address of its first form."""
    return secrets.token_urlsafe(KEY_BYTES)


async def may_begin(key: str, person: str) -> bool:
    """Whether the person may begin a draft of that key: it has the form of one, and nobody else has it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{24}", key):
        return False
    async with database.transaction() as at:
        return not await at.fetchval("select exists (select from draft where key = $1 and person <> $2)", key, person)


async def read(key: str, person: str) -> Content | None:
    """The person's own draft; somebody else's is as absent as none."""
    async with database.transaction() as at:
        content = await at.fetchval("select content::text from draft where key = $1 and person = $2", key, person)
    return _read(content) if content is not None else None


async def keep(key: str, person: str, content: Content) -> bool:
    """Puts what was typed beside what is kept already; the first words begin the draft, and forgotten ones go.

    False where the draft is somebody else's, or is registered.
    """
    now = datetime.now(UTC)
    async with database.transaction() as at:
        await at.execute("delete from draft where person = $1 and at < $2", person, now - KEPT)
        kept = await at.fetchval(
            """insert into draft as d (key, person, content, at) values ($1, $2, $3, $4)
            on conflict (key) do update set content = d.content || excluded.content, at = excluded.at
            where d.person = excluded.person and not d.content ? $5 returning id""",
            key,
            person,
            _written(content),
            now,
            BECAME,
        )
    return kept is not None


async def drop(key: str, person: str) -> bool:
    async with database.transaction() as at:
        dropped = await at.fetchval("delete from draft where key = $1 and person = $2 returning id", key, person)
    return dropped is not None


async def take(at: asyncpg.Connection, key: str, person: str) -> Content | None:
    """Holds a draft inside the transaction that records it: the second of two submits waits, and finds what it became."""
    content = await at.fetchval("select content::text from draft where key = $1 and person = $2 for update", key, person)
    return _read(content) if content is not None else None


async def became(at: asyncpg.Connection, key: str, vendor: str) -> None:
    """What was typed goes, as it is recorded now; that it became the vendor of that key stays for whoever sends it again."""
    await at.execute(
        "update draft set content = $2::jsonb, at = $3 where key = $1", key, _written({BECAME: [vendor]}), datetime.now(UTC)
    )


async def open_ones(person: str) -> list[Draft]:
    """The person's drafts that are not registered yet, the newest first."""
    async with database.transaction() as at:
        rows = await at.fetch("select key, at, content::text from draft where person = $1 order by at desc", person)
    found = [Draft(key, when, _read(content)) for key, when, content in rows]
    return [one for one in found if BECAME not in one.content]


def _written(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def _read(text: str) -> Content:
    return msgspec.json.decode(text, type=Content)
