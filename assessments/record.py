"""What a report is before it has a form: a title, its clocks, and tables of plain text that every format prints alike."""

from datetime import date
from typing import Literal

import msgspec

from assessments.coverage import Stretch
from registry.vocabulary import Outcome

NOT_RECORDED = "not recorded"
OUTCOMES = {outcome.value.replace("_", " "): outcome.value for outcome in Outcome}


class Column(msgspec.Struct, frozen=True):
    """One column: the letter of the article that asks for it, what it is called, and its width in characters."""

    title: str
    letter: str = ""
    width: int = 24

    @property
    def heading(self) -> str:
        return f"{self.letter} {self.title}" if self.letter else self.title


class Table(msgspec.Struct, frozen=True):
    """Rows of text under columns; a cell's lines are parted by line ends.

    On paper the rows of `sections` each stand under their first cell, column after column; those of a `grid` stand in a
    table for each first cell. `verdict` is the column whose words are an outcome.
    """

    title: str
    layout: Literal["sections", "grid"]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    verdict: int | None = None


class Figure(msgspec.Struct, frozen=True):
    """The days of one flow from a first to a last day, which paper shows as a picture and data as they are."""

    title: str
    first_day: date
    last_day: date
    stretches: tuple[Stretch, ...]


class Record(msgspec.Struct, frozen=True):
    """One report on one day: what stands on its cover, its tables, the first of which is the report itself,
    and what of it can be shown as a picture."""

    name: str
    title: str
    legal_basis: str
    houses: tuple[str, ...]
    valid_on: date
    known_on: str
    law_version: str
    sequence: int
    notice: str | None
    tables: tuple[Table, ...]
    proof: dict[str, str] = {}
    figures: tuple[Figure, ...] = ()

    def marks(self) -> dict[str, str]:
        """What each form says of the record besides its tables."""
        said = {
            "Valid on": self.valid_on.isoformat(),
            "Known on": self.known_on,
            "Law version": self.law_version,
            "Journal sequence": str(self.sequence),
            **self.proof,
        }
        return said | ({"Notice": self.notice} if self.notice else {})


def lines(*said: str | None) -> str:
    """The lines that say something, each once, or that nothing is recorded."""
    return "\n".join(dict.fromkeys(line for one in said if one and (line := one.strip()))) or NOT_RECORDED


def words(value: str | None) -> str:
    """A word of the vocabulary as people write it."""
    return value.replace("_", " ") if value else NOT_RECORDED
