"""Alerts of a look, one for each cause: collected, recorded where they are not there yet, and put on their way."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import asyncpg

from assessments.tables import Alert
from registry.journal import Book, Row
from registry.vocabulary import AlertKind

NAMED = 5  # so many things a sentence names; of the others it says how many they are


class Causes:
    """The alerts of one look by their key, and the thing of each that is recorded.

    `changed` are those by which a verdict that was on record turned; the others tell of transfers seen for the first time.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.subjects: dict[str, dict[str, None]] = {}
        self.things: dict[str, int] = {}
        self.new: list[Row] = []
        self.changed: set[str] = set()

    def add(self, cause: str, kind: AlertKind, subjects: Sequence[str], effect: date, **more: Any) -> str:
        """Says a cause; of what was said of it first the kind stands, the earliest effect, and what else it did is added."""
        key = fitted(cause)
        if key not in self.rows:
            self.rows[key] = {"key": key, "cause": key, "kind": kind, "effect": effect} | more
            self.subjects[key] = {}
        self.rows[key]["effect"] = min(self.rows[key]["effect"], effect)
        self.subjects[key] |= dict.fromkeys(subjects)
        return key


async def raise_alerts(book: Book, causes: Causes, today: date, newest: int, law_version: str) -> None:
    """Records the alerts that are not there yet, and puts them on their way."""
    waiting = [key for key in causes.rows if key not in causes.things]
    if not waiting:
        return
    found = await book.at.fetch("select key, thing from alert where key = any($1) and thing = id", waiting)
    causes.things |= {row[0]: row[1] for row in found}
    fresh = [causes.rows[key] for key in waiting if key not in causes.things]
    parties = sorted({row["party"] for row in fresh if row.get("party") is not None})
    vendors = dict(
        await book.at.fetch("select party, min(thing) from vendor where party = any($1::bigint[]) group by party", parties)
    )
    for row in fresh:
        row["subject"] = listed(list(causes.subjects[row["key"]]))
        row |= {"vendor": row.get("vendor") or vendors.get(row.get("party")), "since": today}
        row |= {"rests_on": newest, "law_version": law_version}
    written = await book.record(Alert, *fresh)
    causes.things |= {row["key"]: row["thing"] for row in written}
    causes.new += fresh
    await _deliver(book.at, [row["key"] for row in fresh])


async def _deliver(at: asyncpg.Connection, keys: Sequence[str]) -> None:
    """Puts new alerts on their way: to everybody who is a data protection officer, and to the vendor's owner."""
    await at.execute(
        """insert into delivery (alert, person, channel, made, tries, error)
        select a.key, p.key, 'mail', clock_timestamp(), 0, ''
        from alert a join person p on p.email is not null and p.email <> '' and (p.until is null) and (
            p.role = 'dpo' or p.thing in (select v.owner from vendor v where v.thing = a.vendor and v.until is null))
        where a.key = any($1)""",
        keys,
    )


def listed(names: Sequence[str]) -> str:
    """Names one after the other, bounded: the others are counted."""
    more = len(names) - NAMED
    return "; ".join([*names[:NAMED], *([f"and {more} more"] if more > 0 else [])])


def fitted(key: str) -> str:
    """A key that fits its column."""
    return key if len(key) <= 200 else f"{key[:130]}:{sha256(key.encode()).hexdigest()}"
