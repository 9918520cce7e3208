"""Country dossiers: what is on file about a country's law and practice, paragraph by paragraph, as known by a day.

An impact assessment cites a version, such as `US 2026-06-29`: everything known by that day. What became known later has
moved: the paragraphs that are new, read otherwise or fell away. A country without a file, or with one that holds no
paragraph, has no dossier.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from registry import settings
from registry.law import FOLDER, Pack
from registry.law.files import Cited, LawError
from registry.law.loader import decoded
from registry.law.unsound import HIDDEN, illegible

VERSION = re.compile(r"([A-Z]{2}(?:-[A-Z]{3})?) (\d{4}-\d\d-\d\d)")


class Paragraph(Cited, frozen=True, kw_only=True):
    """One numbered paragraph as it reads from the day it became known; a later one of its number takes its place.

    `withdrawn`: from that day on it says nothing any more.
    """

    number: int
    title: str
    text: str
    known: date
    withdrawn: bool = False


class Dossier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that was ever on file about a country."""

    country: str
    paragraphs: tuple[Paragraph, ...] = ()
    own: bool = False

    @property
    def versions(self) -> tuple[date, ...]:
        """The days on which it came to read otherwise, in order."""
        return tuple(sorted({one.known for one in self.paragraphs}))

    def version(self, known_on: date) -> str | None:
        """What its version is called, as known by the day; None before its first."""
        last = max((day for day in self.versions if day <= known_on), default=None)
        return f"{self.country} {last}" if last else None

    def on(self, known_on: date) -> tuple[Paragraph, ...]:
        """Its paragraphs as known by the day, by number."""
        newest: dict[int, Paragraph] = {}
        for one in sorted(self.paragraphs, key=lambda paragraph: paragraph.known):
            if one.known <= known_on:
                newest[one.number] = one
        return tuple(one for _, one in sorted(newest.items()) if not one.withdrawn)

    def moved(self, cited: date, known_on: date) -> tuple[Paragraph, ...]:
        """The paragraphs that came to read otherwise after one day and by another, each as it reads now, by number."""
        later = sorted((one for one in self.paragraphs if cited < one.known <= known_on), key=lambda one: one.known)
        return tuple(one for _, one in sorted({one.number: one for one in later}.items()))


def load(pack: Pack) -> dict[str, Dossier]:
    """The dossiers on file by country, ours and the operator's (ONWARD_LAW/dossiers), which take the place of ours.

    Raises LawError for the first file that is unsound, naming file, place and remedy.
    """
    own = settings.own_law()
    return _read(FOLDER / "dossiers", own.absolute() / "dossiers" if own else None, frozenset(pack.codes))


def cited(version: str | None) -> tuple[str, date] | None:
    """The country and the day of a version as an impact assessment names it; None for what names none."""
    found = VERSION.fullmatch((version or "").strip())
    try:
        return (found[1], date.fromisoformat(found[2])) if found else None
    except ValueError:
        return None


def moved(dossiers: dict[str, Dossier], version: str | None, country: str, known_on: date) -> tuple[Paragraph, ...]:
    """What moved since the version that an assessment of a country cites; nothing where it cites none of that country's."""
    named = cited(version)
    one = dossiers.get(country)
    return one.moved(named[1], known_on) if named and one and named[0] == country else ()


def called(paragraphs: Iterable[Paragraph]) -> str:
    """Paragraphs as a sentence names them."""
    return ", ".join(f"paragraph {one.number} ({one.title})" for one in paragraphs)


@cache
def _read(folder: Path, own: Path | None, codes: frozenset[str]) -> dict[str, Dossier]:
    found: dict[str, Dossier] = {}
    for path in [*sorted(folder.glob("*.toml")), *(sorted(own.glob("*.toml")) if own else ())]:
        one = decoded(path, Dossier)
        if fault := _fault(one, path, codes):
            raise LawError(f"{path.name}: {fault}")
        found[one.country] = msgspec.structs.replace(one, own=own is not None and path.parent == own)
    return {country: one for country, one in found.items() if one.paragraphs}


def _fault(one: Dossier, path: Path, codes: frozenset[str]) -> str | None:
    """What is unsound in a dossier; None where nothing is."""
    if one.country not in codes:
        return f"`country`: {one.country!r} is no country code: use ISO 3166-1 alpha-2, such as US"
    if path.stem != one.country.lower():
        return f"`country` is {one.country!r}: name the file {one.country.lower()}.toml"
    if found := illegible(one):
        return f"{found} {HIDDEN}"
    for paragraph in one.paragraphs:
        place = f"paragraph {paragraph.number} known {paragraph.known}"
        if not all(text.strip() for text in (paragraph.title, paragraph.text, paragraph.citation)):
            return f"{place}: `title`, `text` or `citation` is empty: say what it says, and where it stands"
        if paragraph.number < 1:
            return f"{place}: numbers begin with 1"
    if len({(p.number, p.known) for p in one.paragraphs}) < len(one.paragraphs):
        return "two paragraphs of one number became known on one day: make them one"
    return None
