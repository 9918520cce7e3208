"""What to do about flows that would fall, in plain sentences: the least that would carry each of them again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

from assessments.dossier import Parties
from assessments.radius import Concerned
from assessments.readings import Reading
from assessments.what_if import Fate
from assessments.wording import country_name, written
from registry.law import Law
from registry.vocabulary import Outcome

NAMED = 6  # as many are named in a sentence; the others are counted
OLD_CLAUSES = {"SCC_REPEALED", "SCC_EXPIRED", "SCC_CHANGED", "MODULE_MISMATCH"}
MEASURES = {"MEASURES_REQUIRED", "MEASURES_INEFFECTIVE"}


class Need(StrEnum):
    """What a flow lacks most nearly."""

    ASSESS = "assess"
    MEASURES = "measures"
    ASK = "ask"
    ANEW = "anew"
    SIGN = "sign"


SENTENCES = {
    Need.ASSESS: "Complete the transfer impact assessment for {whom} by {day}: clauses are signed, and carry the data then.",
    Need.MEASURES: "Put supplementary measures in place for {whom} by {day}, or stop sending what they would have to protect.",
    Need.ASK: "Find out what is not on file about {whom} by {day}: what is unknown never counts as lawful.",
    Need.ANEW: "Conclude new standard contractual clauses for {whom} by {day}: those on file no longer fit.",
    Need.SIGN: "Sign standard contractual clauses for {whom}, with a transfer impact assessment, by {day}, or stop sending.",
}


def need(reading: Reading, named: Parties, law: Law) -> tuple[Need, str]:
    """What the hop that decides lacks, and who it is about: from whom to whom and where."""
    hop = reading.weakest
    where = country_name(hop.route.country, law)
    whom = f"{named.names[hop.route.importer]} ({where})"
    findings = hop.verdict.judged.findings
    codes = {finding.code for finding in findings}
    unassessed = {finding.tool for finding in findings if finding.code == "TIA_MISSING"}
    unassessed -= {finding.tool for finding in findings if finding.code in OLD_CLAUSES}
    if hop.verdict.judged.outcome is Outcome.UNDETERMINED:
        return Need.ASK, whom
    if codes & MEASURES:
        return Need.MEASURES, whom
    if unassessed:
        return Need.ASSESS, whom
    return (Need.ANEW if codes & OLD_CLAUSES else Need.SIGN), whom


def to_do(
    needs: Sequence[tuple[Need, str]],
    numbers: Mapping[Fate, int],
    caught_by: Iterable[str | None],
    whose: Concerned,
    day: date,
    law: Law,
) -> Iterator[str]:
    """The sentences, the most urgent first. `needs` are those of the flows that are told, `numbers` count all."""
    fallen = numbers[Fate.FALLS]
    by_need: dict[Need, dict[str, None]] = defaultdict(dict)
    for what, whom in needs:
        by_need[what][whom] = None
    for what in Need:
        if what in by_need:
            yield SENTENCES[what].format(whom=_listed(list(by_need[what])), day=written(day))
    if fallen:
        yield f"What cannot be mended by {written(day)} has to be stopped from that day on, on the page of each transfer."
    if whose.special:
        words = [word.replace("_", " ") for word in whose.special]
        yield f"Begin with the flows that carry special categories of data: {', '.join(words)}."
    if numbers[Fate.CAUGHT]:
        titles = sorted({_title(key, law) for key in caught_by if key})
        catching = ", ".join(titles) or "further down the chain"
        yield (
            f"Where something else catches a flow ({catching}), name it in the privacy notices "
            "(Art. 13(1)(f), 14(1)(f)) and in the record of processing (Art. 30(1)(e))."
        )
    if not fallen and not numbers[Fate.CAUGHT]:
        yield "Nothing has to be done at once: no flow falls."


def _title(key: str, law: Law) -> str:
    one = law.instrument(key)
    return one.title if one else {"eea": "European Economic Area"}.get(key, key)


def _listed(whom: list[str]) -> str:
    more = len(whom) - NAMED
    return ", ".join(whom[:NAMED]) + (f" and {more} more" if more > 0 else "")
