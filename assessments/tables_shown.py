"""What the commands print for people to read."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from assessments.assess import Assessed, Clocks
from assessments.doctor import Check
from assessments.recorded import RecordedVerdict
from registry.drill import Step
from registry.journal import Written
from registry.law import ONE_DAY, Instrument, Pack, Standing
from registry.vocabulary import DEMO_NOTICE, Outcome

COLOURS = {
    Outcome.NOT_PERMITTED: "bold red",
    Outcome.UNDETERMINED: "bold yellow",
    Outcome.MEASURES_REQUIRED: "yellow",
    Outcome.PERMITTED: "green",
    Outcome.NO_TRANSFER: "green",
}


def console() -> Console:
    """As wide as the terminal, wide enough for a table elsewhere."""
    found = Console(markup=False, highlight=False)
    return found if found.is_terminal else Console(width=150, markup=False, highlight=False)


def verdicts(assessed: Sequence[Assessed], clocks: Clocks) -> None:
    """The verdicts as a table, and beneath it why some of them stop or ask for more."""
    out = console()
    laws = sorted({one.regime or "no law known" for one in assessed})
    exporters = {one.exporter for one in assessed}
    count = f"{len(assessed)} verdict{'' if len(assessed) == 1 else 's'}{f' under {laws[0]}' if len(laws) == 1 else ''}"
    out.print(f"\nValid on {clocks.as_of}, known on {clocks.shown}: {count}")
    if not assessed:
        out.print("No transfer stands on that day, as far as was recorded by then.")
        return
    grid = _grid("transfer", "to", "verdict", "rests on", "last day", "changes on")
    for one in assessed:
        way = f"{f'{one.exporter} → ' if len(exporters) > 1 else ''}{one.importer} ({one.country})"
        grid.add_row(
            one.transfer,
            way if len(laws) == 1 else f"{way}, {one.regime or laws[-1]}",
            _outcome(one),
            one.basis or "–",
            _day(one.last_day),
            _day(one.next_change),
        )
    out.print(grid)
    for one in assessed:
        for line in _why(one):
            out.print(line)
    out.print(f"\nLaw {assessed[0].law_version[:12]}", style="dim")
    if any(isinstance(one.notice, str) for one in assessed):
        out.print(f"{DEMO_NOTICE}.", style="bold")


def _why(one: Assessed) -> Iterator[str]:
    """Why a leg stops or what is asked for, with the article, and where its chain stops."""
    if one.outcome not in {Outcome.PERMITTED, Outcome.NO_TRANSFER}:
        yield f"\n{one.transfer}:"
        yield from (f"  {reason.text} [Art. {reason.article}]" for reason in one.reasons)
    if one.path_outcome != one.outcome:
        way = " → ".join([one.path[0].exporter, *(f"{step.importer} ({step.country})" for step in one.path)])
        yield f"\n{one.transfer}: beneath it the chain is {_worded(one.path_outcome)} at its end: {way}"


def _outcome(one: Assessed) -> Text:
    verdict = Text(_worded(one.outcome) + ("" if one.flowing else ", stopped"), COLOURS[one.outcome])
    if one.path_outcome != one.outcome:
        verdict.append(f"\nchain: {_worded(one.path_outcome)}", COLOURS[one.path_outcome])
    return verdict


def _worded(outcome: Outcome) -> str:
    return outcome.replace("_", " ")


def recorded(found: Sequence[RecordedVerdict]) -> None:
    grid = _grid("no.", "time (UTC)", "transfer", "holds from", "last", "verdict", "rests on", "law version")
    for one in found:
        ends = "on no day" if one.until == one.since else _day(one.until and one.until - ONE_DAY)
        verdict = Text(_worded(Outcome(one.outcome)), COLOURS[Outcome(one.outcome)])
        if one.path_outcome != one.outcome:
            verdict.append(f"\nchain: {_worded(Outcome(one.path_outcome))}", COLOURS[Outcome(one.path_outcome)])
        law = (one.law_version or "–")[:12]
        moment = f"{one.recorded_at:%Y-%m-%d %H:%M:%S}"
        grid.add_row(str(one.sequence), moment, one.transfer, str(one.since), ends, verdict, one.basis or "–", law)
    console().print(grid)


def instrument(one: Instrument, standing: Standing | None, clocks: Clocks) -> None:
    out = console()
    out.print(f"{one.title} ({one.key}){' (own)' if one.own else ''}")
    out.print(f"{one.citation}\n{one.source}")
    out.print(f"For {', '.join(one.regimes)}; grade {one.grade}, verified on {one.verified_on}")
    if one.countries:
        out.print(f"Covers {', '.join(one.countries)}")
    if one.note:
        out.print(one.note)
    grid = _grid("effect", "known", "what", "citation", "grade", "verified on")
    for event in one.events:
        grid.add_row(
            str(event.effect),
            str(event.known),
            event.what.replace("_", " "),
            event.citation,
            event.grade,
            str(event.verified_on),
        )
    out.print(grid)
    for scope in one.scope:
        asks = (
            f"{scope.fact} is {'yes' if scope.demands else 'no'}"
            if scope.demands is not None
            else f"{scope.fact} is none of {', '.join(scope.none_of)}"
        )
        out.print(f"Only where {asks} ({scope.citation})")
    stands = "not known yet" if standing is None else (standing.code or "in force").replace("_", " ").lower()
    last = f", last day {standing.last_day}" if standing and standing.last_day else ""
    out.print(f"On {clocks.as_of}, as known on {clocks.shown}: {stands}{last}")


def law_check(pack: Pack, overdue: Sequence[dict[str, Any]]) -> None:
    out = console()
    out.print(
        f"{len(pack.instruments)} instruments and {len(pack.memberships)} memberships are sound; version {pack.version}.",
    )
    if overdue:
        grid = _grid("overdue for re-verification", "grade", "verified on", "citation")
        for one in overdue:
            grid.add_row(one["fact"], one["grade"], str(one["verified_on"]), one["citation"])
        out.print(grid)
    else:
        out.print("Nothing is overdue for re-verification.")


def journal(entries: Sequence[Written]) -> None:
    grid = _grid("no.", "time (UTC)", "what", "who", "table", "key", "why")
    for one in entries:
        grid.add_row(
            str(one.sequence),
            f"{one.at:%Y-%m-%d %H:%M:%S}",
            one.kind,
            one.who,
            one.table,
            one.image.get("key", ""),
            one.why or "",
        )
    out = console()
    out.print(grid)
    if any(isinstance(one.notice, str) for one in entries):
        out.print(f"{DEMO_NOTICE}.", style="bold")


def checks(found: Sequence[Check]) -> None:
    grid = _grid("", "what", "found")
    for check in found:
        grid.add_row(Text("sound", "green") if check.sound else Text("wrong", "bold red"), check.what, check.found)
    console().print(grid)


def steps(found: Sequence[Step]) -> None:
    grid = _grid("", "step", "seconds", "found")
    for step in found:
        sound = Text("sound", "green") if step.sound else Text("wrong", "bold red")
        grid.add_row(sound, step.what, f"{step.seconds:.2f}", step.found)
    console().print(grid)


def _grid(*titles: str) -> Grid:
    grid = Grid(show_lines=False, pad_edge=False, header_style="bold", box=None, padding=(0, 1))
    for title in titles:
        whole = title in {"verdict", "last day", "changes on", "effect", "known", "verified on", "time (UTC)"}
        grid.add_column(title, overflow="fold", no_wrap=whole, ratio=1 if title == "why" else None)
    return grid


def _day(day: object) -> str:
    return str(day) if day else "–"


def titled(*titles: str) -> Grid:
    """A table for a terminal, its columns titled."""
    return _grid(*titles)
