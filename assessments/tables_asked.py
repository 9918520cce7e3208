"""What the commands that ask further print for people to read: what stands beneath a party."""

from collections.abc import Sequence

from rich.text import Text

from assessments.coverage import Coverage, summed
from assessments.radius import Concerned, Radius
from assessments.tables_shown import COLOURS, console, titled
from assessments.what_follows import Answer, groups
from assessments.what_if import Fate
from assessments.wording import law_name
from registry.vocabulary import GOES_AHEAD

TITLES = {  # of each fate, and whether it is so only with measures beside
    (Fate.FALLS, False): "Would fall",
    (Fate.CAUGHT, True): "Would be caught by something else, with measures beside it",
    (Fate.CAUGHT, False): "Would be caught by something else",
    (Fate.WORSE, False): "In doubt as they are, and would be no longer permitted or asked about",
    (Fate.BETTER, False): "Would be better off",
}
COUNTED = ("covered", "bare", "in_doubt", "stopped")  # days, in the columns' names


def radius(found: Radius) -> None:
    """The flows beneath a party, and whose data they carry."""
    out = console()
    count = len(found.flows)
    out.print(f"\nBeneath {found.name} on {found.as_of}, known on {found.known_on}: {count} flow{'' if count == 1 else 's'}")
    if not found.flows:
        return
    table = titled("transfer", "from", "received by", "in", "how", "for")
    for one in found.flows:
        how = "passed on to it" if one.passed_on else "received by it"
        table.add_row(one.transfer, one.exporter, one.importer, one.country, how, one.activity or "–")
    out.print(table)
    for line in whose(found.concerned):
        out.print(line)


def whose(found: Concerned) -> list[str]:
    """Activities, people and data in a line each, special categories said even where there are none, or none are recorded."""
    lists = {
        "Activities": [one.name for one in found.activities],
        "Whose data": found.people,
        "Which data": found.data,
    }
    told = [f"{title}: {', '.join(words) or 'none recorded'}" for title, words in lists.items()]
    return [*told, f"Special categories: {found.special_said(lambda word: word.replace('_', ' '))}"]


def what_if(found: Answer) -> None:
    """What is supposed, what would become of which flows, whose data they are, and what to do."""
    out = console()
    out.print(f"\nWhat if, on {found.as_of}, known on {found.known_on} (nothing is written):")
    for line in found.supposed:
        out.print(f"  {line}")
    for group in groups(found):
        if not group.count:
            continue
        out.print(f"\n{TITLES[group.fate, group.with_measures]}: {group.count}", style="bold")
        table = titled("transfer", "to", "under", "verdict", "rests on", "last day", "covered again", "for")
        for one in group.flows:
            verdict = Text(one.after.replace("_", " ") + ("" if one.flowing else ", stopped"), COLOURS[one.after])
            again = f"{one.again_on}, {one.gap_days} days" if one.again_on else "–"
            again += ", with measures beside it" if one.again_with_measures else ""
            way = f"{one.importer} ({one.country})"
            last = str(one.last_day) if one.last_day else "–"
            ahead = one.after in GOES_AHEAD
            rests = f"because of {one.decides}, further down" if one.decides and not ahead else one.rests_on or "–"
            table.add_row(one.transfer, way, law_name(one.regime), verdict, rests, last, again, one.activity or "–")
        out.print(table)
        for one in group.flows:
            if one.after not in GOES_AHEAD:
                out.print(f"{one.transfer}, under {law_name(one.regime)}:")
                for reason in one.reasons:
                    out.print(f"  {reason.text} [Art. {reason.article}]")
    if found.counts[Fate.FALLS]:
        out.print()
        for line in whose(found.concerned):
            out.print(line)
    out.print("\nWhat to do:", style="bold")
    for line in found.to_do:
        out.print(f"  {line}")


def coverage(found: Sequence[Coverage]) -> None:
    """A line a stretch, under each law."""
    out = console()
    for one in found:
        out.print(
            f"\n{one.transfer} under {one.regime or 'no law known'}, {one.first_day} to {one.last_day}, "
            f"known on {one.known_on}: {summed(one.stretches)}"
        )
        table = titled("from", "to", "days", "", "verdict", "rests on")
        for span in one.stretches:
            what = next((how for how in COUNTED if getattr(span, how)), "–").replace("_", " ")
            by = "" if span.path_outcome == span.outcome else " by the chain beneath"
            said = span.path_outcome.replace("_", " ") + by + ("" if span.flowing else ", stopped")
            verdict = Text(said, COLOURS[span.path_outcome])
            table.add_row(str(span.first_day), str(span.last_day), str(span.days), what, verdict, span.basis or "–")
        out.print(table)
    if not found:
        out.print("It does not stand on any of these days.")
