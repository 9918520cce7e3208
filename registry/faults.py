"""What a verification tells: what was looked at, step by step, and what is not as it was written."""

from typing import Any

import msgspec

MOST = 1_000  # faults told; more say no more


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written: the entry where it is one, the table and the key or id of the row."""

    what: str
    entry: int | None = None
    table: str | None = None
    row: str | None = None

    def __str__(self) -> str:
        where = [f"entry {self.entry}"] if self.entry is not None else []
        where += [" ".join(part for part in (self.table, self.row) if part)] if self.table else []
        return f"{', '.join(where)}: {self.what}" if where else self.what


class Verified(msgspec.Struct):
    """What was looked at, and what is not as it was written; `shown` where something from outside agrees with it."""

    entries: int = 0
    values: int = 0
    erased: int = 0
    rows: int = 0
    checkpoints: int = 0
    looks: int = 0
    looks_today: int = 0
    shown: bool = False
    faults: list[Fault] = msgspec.field(default_factory=list)

    def add(self, what: str, entry: int | None = None, table: str | None = None, row: Any = None) -> None:
        if len(self.faults) < MOST:
            self.faults.append(Fault(what, entry, table, None if row is None else str(row)))

    @property
    def looked(self) -> str:
        """How much of the access log was looked at, in words: a day enters a checkpoint once it is over."""
        return f"{self.looks} looks of the days before today ({self.looks_today} of today are signed once the day is over)"


class Step(msgspec.Struct, frozen=True):
    """One step of it that is done: which, what it looked at, and what it found."""

    name: str
    counted: str
    faults: list[Fault]
