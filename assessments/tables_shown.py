"""What the commands print for people to read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from assessments.adoption import Change, Preview, Said
from assessments.assess import Assessed, Clocks
from assessments.doctor import Check
from assessments.recorded import RecordedVerdict
from assessments.show import condition
from registry.drill import Step
from registry.journal import Written
from registry.law import ONE_DAY, Instrument, Pack, Scope, Standing, signals
from registry.law.dossiers import Dossier
from registry.law.files import Cited
from registry.law.verified import Overdue
from registry.vocabulary import DEMO_NOTICE, Outcome

MOST = 60  # changes of a preview that are printed
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
    """Why a leg stops, what is asked for or warned of, with the article, and where its chain stops."""
    if one.outcome not in {Outcome.PERMITTED, Outcome.NO_TRANSFER}:
        yield f"\n{_named(one)}:"
        yield from (f"  {reason.text} [Art. {reason.article}]" for reason in one.reasons)
    elif len(one.reasons) > 1:
        yield f"\n{_named(one)}, beside what it rests on:"
        yield from (f"  {reason.text}" for reason in one.reasons[1:])
    if one.path_outcome != one.outcome:
        way = " → ".join([one.path[0].exporter, *(f"{step.importer} ({step.country})" for step in one.path)])
        yield f"\n{one.transfer}: beneath it the chain is {_worded(one.path_outcome)} at its end: {way}"
        yield from (f"  {reason.text} [Art. {reason.article}]" for reason in one.path[-1].reasons)


def _named(one: Assessed) -> str:
    return f"{one.transfer} ({one.regime})" if one.regime else one.transfer


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


def instrument(
    one: Instrument, standing: Standing | None, conditions: Sequence[Scope], clocks: Clocks, looked_up: Callable[[Cited], date]
) -> None:
    """An instrument's life; `looked_up` says when what a citation says was last verified."""
    out = console()
    out.print(f"{one.title} ({one.key}){' (own)' if one.own else ''}")
    out.print(f"{one.citation}\n{one.source}")
    out.print(f"For {', '.join(one.regimes)}; grade {one.grade}, verified on {looked_up(one)}")
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
            str(looked_up(event)),
        )
    out.print(grid)
    for event in one.events:
        if event.alternative:
            out.print(f"{event.what.replace('_', ' ')}: by another reading on {event.alternative}. {event.dispute}")
    for scope in conditions:
        out.print(f"Only where {condition(scope)} ({scope.citation})")
    stands = "not known yet" if standing is None else (standing.code or "in force").replace("_", " ").lower()
    last = f", last day {standing.last_day}" if standing and standing.last_day else ""
    out.print(f"On {clocks.as_of}, as known on {clocks.shown}: {stands}{last}")


def law_check(pack: Pack, overdue: Sequence[Overdue], signalled: int, dossiers: int) -> None:
    out = console()
    out.print(
        f"{len(pack.instruments)} instruments and {len(pack.memberships)} memberships are sound; version {pack.version}.",
    )
    out.print(f"Sound are {signalled} signals and {dossiers} country dossier{'' if dossiers == 1 else 's'} too.")
    if overdue:
        grid = _grid("overdue for re-verification", "grade", "verified on", "citation")
        for one in overdue:
            grid.add_row(one.fact, one.grade, str(one.verified_on), one.citation)
        out.print(grid)
    else:
        out.print("Nothing is overdue for re-verification.")


def adoption(preview: Preview) -> None:
    """What would change if a law were adopted: its files, then each verdict that would read otherwise."""
    out = console()
    out.print(f"\nLaw {(preview.was or 'none')[:12]} → {preview.now[:12]}, seen on {preview.day}")
    if preview.unread is not None:
        out.print(f"What would change cannot be shown: {preview.unread}")
        return
    for said, names in (("new", preview.files.new), ("gone", preview.files.gone), ("altered", preview.files.altered)):
        if names:
            out.print(f"Files that are {said}: {', '.join(names)}")
    if not preview.changes:
        out.print("No verdict changes, on any day.")
        return
    count = len({(one.transfer, one.regime) for one in preview.changes})
    out.print(f"{count} verdict{' changes' if count == 1 else 's change'} on some day, {len(preview.today)} of them today:")
    grid = _grid("transfer", "regime", "from", "last day", "verdict", "would be")
    for one in preview.changes[:MOST]:
        last = _day(one.last_day) if one.until else "and on"
        grid.add_row(one.transfer, one.regime or "no law known", str(one.since), last, *_changed(one))
    out.print(grid)
    if len(preview.changes) > MOST:
        out.print(f"and {len(preview.changes) - MOST} more: --json lists all of them")


def _changed(one: Change) -> tuple[str, str]:
    """A verdict before and after; why, where that alone changes."""
    sides = [_said(side) for side in (one.was, one.now)]
    if sides[0] == sides[1] and one.was and one.now:
        before, after = set(one.was.codes), set(one.now.codes)
        sides = [f"{sides[0]}, {', '.join(sorted(some)) or 'without a finding'}" for some in (before - after, after - before)]
    return sides[0], sides[1]


def _said(side: Said | None) -> str:
    if side is None:
        return "none"
    chain = f"; the chain beneath: {_worded(side.path_outcome)}" if side.path_outcome != side.outcome else ""
    last = f", last day {side.last_day}" if side.last_day else ""
    return f"{_worded(side.outcome)}{f' on {side.basis}' if side.basis else ''}{last}{chain}"


def law_signals(found: Sequence[tuple[signals.Signal, signals.Step]]) -> None:
    out = console()
    for one, step in found:
        when = "no day is known" if step.expected is None else f"{'the month of ' if step.by_month else ''}{step.expected}"
        out.print(f"{one.title} ({one.kind}): {step.what}. Expected: {when}. Concerns {', '.join(one.instruments)}.")
        out.print(f"  {step.citation}; known {step.known}, grade {step.grade}, verified on {step.verified_on}")
    if not found:
        out.print("No signal was known then.")


def dossiers(versions: Iterable[str], missing: str = "") -> None:
    """Which dossiers there are; first, where one was asked for that there is not, which is `missing`."""
    out = console()
    if missing:
        out.print(f"No dossier on {missing}.")
    out.print(f"On file: {', '.join(versions) or 'none'}.")


def dossier(country: str, one: Dossier, day: date) -> None:
    out = console()
    out.print(f"{country}, version {one.version(day)}")
    for paragraph in one.on(day):
        out.print(f"{paragraph.number}. {paragraph.title}\n   {paragraph.text}")
        cited = f"{paragraph.citation}; known {paragraph.known}, grade {paragraph.grade}, verified on {paragraph.verified_on}"
        out.print(f"   {cited}")


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
