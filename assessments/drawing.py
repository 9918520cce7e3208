"""The one picture of covered and bare days: an SVG for the page of a transfer and for reports on paper.

No style stands in it: presentation attributes serve paper, and classes let a page's own style sheet, light or dark, say
otherwise. Covered days stand tall, bare ones low, so that colour is not the only thing that tells them apart.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from markupsafe import Markup

from assessments.coverage import Stretch, behind, summed
from assessments.wording import written
from registry.law import ONE_DAY
from registry.vocabulary import Outcome

WIDE, TALL, FLOOR = 1000, 84, 40  # the whole picture, and where the bars stand
LOOKS = {  # class, height, colour on paper
    "covered": ("ow-covered", 36, "#2e7d4f"),
    "halfway": ("ow-halfway", 24, "#a86f00"),
    "bare": ("ow-bare", 12, "#b42318"),
    "stopped": ("ow-stopped", 4, "#667085"),
}
LABELS, YEAR = 6, 92  # how many years are named at most, and how wide one is on a phone, where it is set larger


def drawn(stretches: Sequence[Stretch], first: date, last: date, title: str, mark: date | None = None) -> Markup:
    """The days from the first to the last as a line; `title` says of what, and that the list beside it tells the same.

    `mark` is the day that is asked about, shown where it lies among them; days are counted up to it.
    """
    whole = max(1, (last - first).days + 1)
    counted = min(last, mark or last)
    bars = Markup("").join(_bar(one, first, whole) for one in stretches)
    return Markup(
        '<svg class="ow-days" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img"><title>{}</title>'
        "<desc>From {} to {}: {}.</desc>{}{}{}</svg>"
    ).format(
        WIDE,
        TALL,
        title,
        first,
        counted,
        summed(behind(stretches, counted)),
        bars,
        Markup("").join(_years(first, last, whole)),
        _marked(mark, first, whole) if mark is not None and first <= mark <= last else "",
    )


def look(one: Stretch) -> str:
    """How a stretch looks: covered, halfway (in doubt, or measures required), bare or stopped."""
    if not one.flowing:
        return "stopped"
    if one.covered:
        return "covered"
    return "bare" if one.path_outcome is Outcome.NOT_PERMITTED else "halfway"


def _bar(one: Stretch, first: date, whole: int) -> Markup:
    name, height, colour = LOOKS[look(one)]
    x, width = WIDE * (one.first_day - first).days / whole, max(1.0, WIDE * one.days / whole)
    return Markup(
        '<rect class="{}" x="{:.2f}" y="{}" width="{:.2f}" height="{}" fill="{}"><title>{} – {}</title></rect>'
    ).format(name, x, FLOOR - height, width, height, colour, one.first_day, one.last_day)


def _marked(day: date, first: date, whole: int) -> Markup:
    """An upright line through the whole picture at a day."""
    x = WIDE * (day - first).days / whole
    return Markup('<path class="ow-mark" d="M{:.2f} 0 V{}" stroke="#101828" stroke-width="3"><title>{}</title></path>').format(
        x, FLOOR + 6, day
    )


def _years(first: date, last: date, whole: int) -> Iterator[Markup]:
    """A mark at each new year, every so many of them named; where none is, the first and the last day are."""
    yield Markup('<path class="ow-axis" d="M0 {} H{}" stroke="#667085" fill="none"/>').format(FLOOR, WIDE)
    years, named = range(first.year + 1, last.year + 1), False
    for year in years:
        x = WIDE * (date(year, 1, 1) - first).days / whole
        yield Markup('<path class="ow-axis" d="M{:.2f} {} v6" stroke="#667085" fill="none"/>').format(x, FLOOR)
        if (year - first.year - 1) % (1 + len(years) // LABELS) == 0 and x < WIDE - YEAR:
            named = True
            yield _named(x, "start", str(year))
    if not named:
        yield _named(0, "start", written(first))
        yield _named(WIDE, "end", written(last))


def _named(x: float, anchor: str, said: str) -> Markup:
    return Markup(
        '<text class="ow-year" x="{:.2f}" y="{}" dy=".75em" text-anchor="{}" font-size="22" fill="#475467">{}</text>'
    ).format(x, FLOOR + 10, anchor, said)


def days_before(day: date, years: int) -> date:
    return day - years * 365 * ONE_DAY
