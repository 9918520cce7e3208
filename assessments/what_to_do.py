"""What to do about flows that would fall, in plain sentences: the least that would carry each of them again."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from assessments.dossier import Parties
from assessments.radius import Concerned
from assessments.readings import Reading
from assessments.rules import ORDER, Finding
from assessments.what_if import Already, Fate
from assessments.wording import country_name, law_name, written
from registry.law import Instrument, Law
from registry.vocabulary import Outcome

NAMED = 6  # as many are named in a sentence; the others are counted
OLD_CLAUSES = {"SCC_REPEALED", "SCC_EXPIRED", "SCC_CHANGED", "MODULE_MISMATCH"}
MEASURES = {"MEASURES_REQUIRED", "MEASURES_INEFFECTIVE"}
BESIDE = {"TIA_MISSING", "MEASURES_INEFFECTIVE"}  # what clauses lack that are good in themselves


class What(StrEnum):
    """What a flow lacks most nearly."""

    ASSESS = "assess"
    MEASURES = "measures"
    ASK = "ask"
    ANEW = "anew"
    SIGN = "sign"
    OTHERWISE = "otherwise"
    LEADS = "leads"


class Need(msgspec.Struct, frozen=True):
    """What is lacking under one law, for a flow from somebody to `whom`, and by which tools of that law it may be had."""

    what: What
    under: str
    whom: str
    clauses: str
    assessment: str


SENTENCES = {
    What.ASSESS: "complete the {assessment} for {whom} by {day}: clauses are signed, and carry the data then.",
    What.MEASURES: "put supplementary measures in place for {whom} by {day}, or stop sending what they would have to protect.",
    What.ASK: "find out what is not on file about {whom} by {day}: what is unknown never counts as lawful.",
    What.ANEW: "conclude the {clauses} anew for {whom}{assessment} by {day}: what is on file no longer fits.",
    What.SIGN: "sign the {clauses} for {whom}{assessment} by {day}, or stop sending.",
    What.OTHERWISE: "no clauses could be signed then: find another ground for {whom} by {day}, or stop sending.",
    What.LEADS: "what is on file about this law is not verified: ask somebody who knows it what would carry the data to {whom} "
    "by {day}, or stop sending.",
}


def need(reading: Reading, named: Parties, law: Law) -> Need:
    """What the hop that decides lacks, under the law that governs the flow, and who it is about and where."""
    hop, regime = reading.weakest, reading.regime or ""
    whom = f"{named.names[hop.route.importer]} ({country_name(hop.route.country, law)})"
    clauses = " or the ".join(_within(one.title) for one in to_sign(law, regime))
    duty = law.demands("impact_assessment", regime)
    what = _lacks(reading, law)
    if what in {What.ANEW, What.SIGN} and not clauses:
        of = law.pack.regime(regime)
        what = What.LEADS if of is None or of.leads else What.OTHERWISE
    assessment = _within(duty.instrument.title) if duty else ""
    if what in {What.ANEW, What.SIGN}:
        lacks = what is What.SIGN or any(finding.code == "TIA_MISSING" for finding in hop.verdict.judged.findings)
        assessment = f", with a {assessment}," if assessment and lacks else ""
    return Need(what, law_name(reading.regime), whom, clauses, assessment)


def to_sign(law: Law, regime: str) -> list[Instrument]:
    """The clauses under a law that may be concluded on the law's day; none of a law of which nothing but leads are known."""
    of = law.pack.regime(regime)
    if of is None or of.leads:
        return []
    return [
        standing.instrument
        for standing in law.of_kind("clauses", regime)
        if standing.code is None and (standing.no_new_from is None or law.day < standing.no_new_from)
    ]


def _lacks(reading: Reading, law: Law) -> What:
    judged = reading.weakest.verdict.judged
    findings = [finding for finding in judged.findings if not _listing(finding, law)]
    failing = {finding.tool for finding in findings if finding.code in ORDER and finding.code not in BESIDE}
    sound = {finding.code for finding in findings if finding.tool not in failing}
    if judged.outcome is Outcome.UNDETERMINED:
        return What.ASK
    if sound & MEASURES:
        return What.MEASURES
    if "TIA_MISSING" in sound:
        return What.ASSESS
    return What.ANEW if any(finding.code in OLD_CLAUSES for finding in findings) else What.SIGN


def _listing(finding: Finding, law: Law) -> bool:
    """Whether a finding is about a listing, whose place is none among the clauses."""
    one = law.instrument(finding.instrument or "")
    return one is not None and one.kind == "framework"


def _within(title: str) -> str:
    """A title within a sentence; what begins with an abbreviation stays as it is."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def to_do(
    needs: Sequence[Need],
    numbers: Mapping[Fate, int],
    stands: Already,
    caught_by: Collection[str | None],
    whose: Concerned,
    day: date,
    law: Law,
) -> Iterator[str]:
    """The sentences, the most urgent first. `needs` are those of the flows that are told, `numbers` count all, `stands`
    those that nothing supposed has made so; `caught_by` is what flows come to rest on, None further down the chain.
    """
    fallen = numbers[Fate.FALLS]
    whom: dict[Need, dict[str, None]] = defaultdict(dict)
    for one in needs:
        whom[msgspec.structs.replace(one, whom="")][one.whom] = None
    order = list(What)
    for alike in sorted(whom, key=lambda one: (order.index(one.what), one.under)):
        said = SENTENCES[alike.what].format(
            whom=_listed(list(whom[alike])), day=written(day), clauses=alike.clauses, assessment=alike.assessment
        )
        yield f"Under {alike.under}: {said}"
    if fallen:
        yield f"What cannot be mended by {written(day)} has to be stopped from that day on, on the page of each transfer."
    if whose.special:
        words = [word.replace("_", " ") for word in whose.special]
        yield f"Begin with the flows that carry special categories of data: {', '.join(words)}."
    if numbers[Fate.CAUGHT]:
        if named := sorted(_catching(key, law) for key in set(caught_by) if not _inside(key, law)):
            yield (  # what crosses no border any more asks for nothing
                f"Where something else catches a flow ({', '.join(named)}), name it in the privacy notices "
                "and in the record of processing (in the GDPR Art. 13(1)(f), 14(1)(f) and 30(1)(e))."
            )
    as_it_is = _as_it_is(stands)
    if not fallen and not numbers[Fate.CAUGHT]:
        yield f"Nothing has to be done at once{' for what is supposed' if as_it_is else ''}: no flow falls."
    if as_it_is:
        yield f"As it is, on {written(day)}, {as_it_is}: that is no consequence of what is supposed."


def _catching(key: str | None, law: Law) -> str:
    return law.pack.title(key) if key else "further down the chain"


def _inside(key: str | None, law: Law) -> bool:
    """Whether a flow that rests on it is at home: in a country of the area, or in one that counts as such."""
    one = law.instrument(key or "")
    return key is not None and (one is None or one.kind == "inside")


def _as_it_is(stands: Already) -> str:
    """How many flows may not go ahead or are in doubt whatever is supposed; empty where none is."""
    hindered, doubted = stands.not_permitted, stands.undetermined
    said = [f"{hindered} flow{'' if hindered == 1 else 's'} may not go ahead"] if hindered else []
    if doubted:
        flows = "" if hindered else " flow" if doubted == 1 else " flows"
        said.append(f"{doubted}{flows} {'is' if doubted == 1 else 'are'} in doubt")
    if not stands.stopped:
        return " and ".join(said)
    whole = "all stopped" if stands.stopped > 1 else "it is stopped"
    stopped = whole if stands.stopped == hindered + doubted else f"{stands.stopped} of these stopped"
    return f"{' and '.join(said)} ({stopped})"


def _listed(whom: list[str]) -> str:
    more = len(whom) - NAMED
    return ", ".join(whom[:NAMED]) + (f" and {more} more" if more > 0 else "")
