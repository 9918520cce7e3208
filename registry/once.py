"""A form or a file sent twice is taken once: of the same words under the same token, the second leads to what the first became.

The token is made with the form, so that the same words in a form opened anew are a new wish.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import asyncpg
from piccolo.table import Table

from registry import database, journal
from registry.errors import Refused
from registry.journal import Row

KEPT = timedelta(days=30)


class SentBefore(Exception):
    """The form was taken already; `answer` is the address to which it led."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class TakenBefore(Exception):
    """The same file was taken already under the same key; `at` is when, UTC."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"taken already on {at:%Y-%m-%d %H:%M:%S} UTC")
        self.at = at


def named(person: str, address: str, token: str, words: Iterable[tuple[str, str]]) -> str:
    """Names one sending for good: SHA-256 of who, where, the form's token and every word in it; empty without a token."""
    if not token:
        return ""
    said = [person, address, token, *(part for pair in words for part in pair)]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in said).encode("utf-8", "replace")).hexdigest()


async def seen(sent: str) -> None:
    """Raises SentBefore where the sending was taken already; writes nothing."""
    if not sent:
        return
    async with database.transaction() as at:
        answer = await at.fetchval("select answer from sent where key = $1", sent)
    if answer is not None:
        raise SentBefore(str(answer))


async def take(at: asyncpg.Connection, sent: str, answer: str) -> None:
    """Takes a sending within the transaction that writes what it says; a twin under way is waited for.

    Raises SentBefore where it was taken already, so that nothing of the second is written. A form without a token is
    always taken.
    """
    if not sent:
        return
    now = datetime.now(UTC)
    await at.execute("delete from sent where at < $1", now - KEPT)
    taken = await at.fetchval(
        "insert into sent (key, at, answer) values ($1, $2, $3) on conflict (key) do nothing returning id", sent, now, answer
    )
    if taken is None:
        raise SentBefore(str(await at.fetchval("select answer from sent where key = $1", sent)))


async def take_file(at: asyncpg.Connection, key: str, file: str) -> None:
    """Takes a file (its SHA-256, hexadecimal) under a key of the sender's, as `take` does; a key holds for KEPT.

    Raises TakenBefore where the same file came under it already, Refused where another one did.
    """
    sent = hashlib.sha256(f"import {key}".encode("utf-8", "replace")).hexdigest()
    try:
        await take(at, sent, file)
    except SentBefore as before:
        when: datetime = await at.fetchval("select at from sent where key = $1", sent)
        if before.answer == file:
            raise TakenBefore(when) from before
        raise Refused(
            f"--idempotency-key {key!r}: another file was taken under it on {when:%Y-%m-%d %H:%M:%S} UTC; nothing was written: "
            "give this file a key of its own, or the file that belongs to this one"
        ) from before


async def record(who: str, why: str | None, table: type[Table], row: Row, sent: str, leads_to: str) -> None:
    """One new row with its entry, taken once: a transaction of a single statement, where a form says no more than that.

    Raises SentBefore where the sending was taken already, Refused where a rule of the database was broken. What was kept
    too long is left to `take`.
    """
    if await journal.record(who, why, table, row, sent=sent, leads_to=leads_to) is None:
        await seen(sent)
