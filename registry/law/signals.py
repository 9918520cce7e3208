"""Signals: litigation, reviews and sunsets that may end an instrument one day. They warn, and never change a verdict.

`signals/*.toml` holds what happened and what is expected, step by step; the sunsets are read from the instruments
themselves, so that a day stands in one file alone. Nothing here is part of the pack by which transfers are judged, nor of
its fingerprint: a note on a lawsuit judges no transfer anew.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from registry import settings
from registry.law import FOLDER, ONE_DAY, Pack
from registry.law.files import ENDS, WITHOUT_A_LAST_DAY, Cited, Event, LawError
from registry.law.loader import decoded
from registry.law.unsound import HIDDEN, illegible

MONTHS_AHEAD = (1, 3, 6, 12)  # of an expected day, nearest first


class Step(Cited, frozen=True, kw_only=True):
    """What became known on a day, and by it the day that is expected: none where nobody can name one.

    `by_month`: only the month of the expected day is known, and its first day stands for it. `settled`: nothing follows.
    """

    what: str
    known: date
    expected: date | None = None
    by_month: bool = False
    settled: bool = False


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One matter that concerns instruments on file."""

    key: str
    title: str
    kind: Literal["litigation", "review", "sunset", "oversight"]
    source: str
    instruments: tuple[str, ...]
    steps: tuple[Step, ...]
    own: bool = False

    def on(self, known_on: date) -> Step | None:
        """The newest step known by the day; None before the first, and once the matter is settled."""
        known = [step for step in self.steps if step.known <= known_on]
        last = max(known, key=lambda step: step.known, default=None)
        return None if last is None or last.settled else last

    def heard(self, known_on: date) -> tuple[Step, ...]:
        """What was known by the day, the latest first."""
        return tuple(sorted((s for s in self.steps if s.known <= known_on), key=lambda step: step.known, reverse=True))


class Warned(msgspec.Struct, frozen=True):
    """A warning that is due: so many months ahead of the expected day; of a step without a day 0, and its own day."""

    signal: Signal
    step: Step
    ahead: int

    @property
    def day(self) -> date:
        return self.step.expected or self.step.known

    @property
    def cause(self) -> str:
        """What names the warning for good: each is given once."""
        return f"signal:{self.signal.key}:{self.day}" + (f":-{self.ahead}m" if self.ahead else "")


def load(pack: Pack, *, whole: bool = False) -> tuple[Signal, ...]:
    """All signals on file, ours and the operator's (ONWARD_LAW/signals), and the sunsets of the pack's instruments.

    An older pack may lack an instrument that a signal concerns: only where the `whole` is asked about is that a fault.
    Raises LawError for the first file that is unsound, naming file, place and remedy.
    """
    own = settings.own_law()
    read = _read(FOLDER / "signals", own.absolute() / "signals" if own else None)
    for signal in read:
        for key in signal.instruments:
            if whole and key not in pack.instruments:
                raise LawError(f"{signal.key}.toml: `instruments`: no instrument is called {key!r}: name one that is on file")
    return (*(one for one in read if any(key in pack.instruments for key in one.instruments)), *sunsets(pack))


def sunsets(pack: Pack) -> list[Signal]:
    """Of each instrument whose end is known ahead, that end as it became known; one that ended otherwise is settled."""
    found = []
    for one in pack.instruments.values():
        steps = tuple(_ending(event) for event in one.events if event.what in ENDS)
        if any(step.expected for step in steps):
            found.append(
                Signal(key=one.key, title=one.title, kind="sunset", source=one.source, instruments=(one.key,), steps=steps)
            )
    return found


def _ending(event: Event) -> Step:
    ahead = event.what not in WITHOUT_A_LAST_DAY and event.effect > event.known
    return Step(
        what="it ends, by what is known now" if ahead else "it ended",
        known=event.known,
        expected=event.effect - ONE_DAY if ahead else None,
        settled=not ahead,
        citation=event.citation,
        grade=event.grade,
        verified_on=event.verified_on,
    )


def warned(signals: Iterable[Signal], today: date) -> list[Warned]:
    """What is to be told by today: of a signal with a day ahead the nearest of 12, 6, 3 and 1 months that has been reached."""
    found = []
    for signal in signals:
        step = signal.on(today)
        if step is None:
            continue
        if step.expected is None:
            found.append(Warned(signal, step, 0))
        elif today <= step.expected and (ahead := months_ahead(step.expected, today)):
            found.append(Warned(signal, step, ahead))
    return found


def months_ahead(day: date, today: date) -> int | None:
    """The nearest threshold in months that is reached on the way to a day; None before the first."""
    return next((months for months in MONTHS_AHEAD if months_before(day, months) <= today), None)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's last: 31 December less a month is 30 November."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))


@cache
def _read(folder: Path, own: Path | None) -> tuple[Signal, ...]:
    found: dict[str, Signal] = {}
    for path in [*sorted(folder.glob("*.toml")), *(sorted(own.glob("*.toml")) if own else ())]:
        one = decoded(path, Signal)
        fault = "its key is taken: choose another one" if one.key in found else _fault(one, path)
        if fault:
            raise LawError(f"{path.name}: {fault}")
        found[one.key] = msgspec.structs.replace(one, own=own is not None and path.parent == own)
    return tuple(found.values())


def _fault(one: Signal, path: Path) -> str | None:
    """What is unsound in a signal; None where nothing is."""
    if one.key != path.stem:
        return f"`key` is {one.key!r}, the file is named {path.stem!r}: make them the same"
    if found := illegible(one):
        return f"{found} {HIDDEN}"
    if one.kind == "sunset":
        return "`kind` is sunset: that day stands in the instrument's own file, as an event; write it there"
    if not one.title.strip() or not one.source.strip():
        return "`title` or `source` is empty: say what it is, and where to look it up again"
    if not one.instruments:
        return "`instruments` is empty: name those that it concerns"
    if not one.steps:
        return "no [[steps]]: say at least what became known, and when"
    for step in one.steps:
        place = f"step known {step.known}"
        if not step.what.strip() or not step.citation.strip():
            return f"{place}: `what` or `citation` is empty: say what happened, and where it stands"
        if step.settled and step.expected:
            return f"{place}: settled, and a day is expected: take one of them out"
        if step.expected and step.expected < step.known:
            return f"{place}: `expected` lies before `known`: mend one of them"
        if step.by_month and (step.expected is None or step.expected.day != 1):
            return f"{place}: `by_month` goes with the first day of the month that is expected: write that day"
    if len({step.known for step in one.steps}) < len(one.steps):
        return "two steps became known on one day: make them one"
    return None
