"""What is not as it was written, and where: the entry or the range of entries, the table and the row."""

from typing import Any

import msgspec

MOST = 1_000  # faults told of one table, or of the journal; more say no more
Image = dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written: its entry, or the first and last (`until`) of those it is among; the table,
    and the key of the row (its id where no key can be read). Of a row `entry` is the one that it should read like."""

    what: str
    entry: int | None = None
    until: int | None = None
    table: str | None = None
    row: str | None = None

    def __str__(self) -> str:
        where = [f"entry {self.entry}"] if self.entry is not None else []
        if self.until is not None:
            where = [f"entries {self.entry} to {self.until}"]
        where += [" ".join(part for part in (self.table, self.row) if part)] if self.table else []
        return f"{', '.join(where)}: {self.what}" if where else self.what


class Verified(msgspec.Struct):
    """What was looked at, and what is not as it was written; `first` is the first bad entry, or the one that the first bad
    row should read like; `shown` where something from outside agrees with it; `covered` the entries up to the newest
    checkpoint, of those that the key signed which was asked about; `looks_unsigned` are of past days, in no checkpoint."""

    entries: int = 0
    values: int = 0
    erased: int = 0
    rows: int = 0
    checkpoints: int = 0
    looks: int = 0
    looks_today: int = 0
    looks_unsigned: int = 0
    covered: int | None = None
    shown: bool = False
    first: int | None = None
    faults: list[Fault] = msgspec.field(default_factory=list)

    def add(
        self, what: str, entry: int | None = None, table: str | None = None, row: Any = None, *, until: int | None = None
    ) -> None:
        if len(self.faults) < MOST:
            self.faults.append(Fault(what, entry, until, table, None if row is None else str(row)))

    def follow(self, other: "Verified") -> None:
        """Adds what was looked at elsewhere; its faults count for themselves, so that none are crowded out."""
        self.rows += other.rows
        self.faults += other.faults

    @property
    def looked(self) -> str:
        """How much of the access log was looked at, in words: a day enters a checkpoint once it is over."""
        yet = f"{self.looks_unsigned} of them in no checkpoint yet; " if self.looks_unsigned else ""
        return f"{self.looks} looks of the days before today ({yet}{self.looks_today} of today are signed once the day is over)"

    @property
    def unsigned(self) -> str:
        """Which entries came after the newest checkpoint, in words that go on from others; empty where there are none."""
        first = (self.covered or 0) + 1
        if self.covered is None or first > self.entries:
            return ""
        which = f"entry {first} is" if first == self.entries else f"entries {first} to {self.entries} are"
        return f"; {which} signed by nothing yet"


class Step(msgspec.Struct, frozen=True):
    """One step of it that is done: which, what it looked at, and what it found."""

    name: str
    counted: str
    faults: list[Fault]


def first(faults: list[Fault]) -> int | None:
    """The first entry that is named; of a range that holds none that is named, its beginning."""
    named = sorted(fault.entry for fault in faults if fault.entry is not None and fault.until is None)
    for fault in faults:
        if fault.entry is not None and fault.until is not None:
            if not any(fault.entry <= one <= fault.until for one in named):
                named.append(fault.entry)
    return min(named, default=None)


def key_of(image: Any, number: int) -> str:
    """How an entry calls its row: by its key; by its id where somebody took the key out."""
    key = image.get("key") if isinstance(image, dict) else None
    return key if isinstance(key, str) else str(number)
