"""The transfers of the register: every leg under every law, its verdict, and its mechanism from its first day on."""

from collections.abc import Iterator

from assessments.facts import Facts
from assessments.record import Column, Figure, Record, Table, lines, words

TITLE = "Transfers of personal data to third countries"
LEGAL_BASIS = "Regulation (EU) 2016/679, Chapter V"
COLUMNS = (
    Column("Activity", width=28),
    Column("Transfer", width=16),
    Column("Exporter", width=20),
    Column("Importer", width=20),
    Column("Country", width=14),
    Column("How", width=13),
    Column("Law", width=9),
    Column("Verdict", width=16),
    Column("Rests on", width=24),
    Column("Mechanism by period", width=44),
)
VERDICT = 7


def compose(facts: Facts) -> Record:
    """The record of all transfers that stand on the day."""
    return Record(
        name="transfers",
        title=TITLE,
        legal_basis=LEGAL_BASIS,
        houses=facts.houses,
        valid_on=facts.clocks.as_of,
        known_on=facts.clocks.shown,
        law_version=facts.law.pack.version,
        sequence=facts.sequence,
        proof=facts.proof,
        notice=facts.notice,
        tables=(flows_table(facts),),
        figures=tuple(figures(facts)),
    )


def figures(facts: Facts) -> Iterator[Figure]:
    """The days of the first flows as pictures; the table tells the same of all of them, in its last column."""
    last = facts.clocks.as_of
    for flow in sorted(facts.flows, key=lambda one: (one.transfer, one.regime)):
        if flow.days:
            title = f"{flow.transfer}: {flow.exporter} to {flow.importer}, {flow.country}, under {flow.regime}"
            yield Figure(title, flow.days[0].first_day, last, flow.days)


def flows_table(facts: Facts) -> Table:
    """A row a flow, under the activity it serves."""
    activities = {row["thing"]: row["name"] for row in facts.rows["processing_activity"]}
    serves = {row["thing"]: activities.get(row["activity"]) for row in facts.rows["engagement"]}
    rows = [
        (
            lines(serves.get(flow.engagement)),
            flow.transfer,
            flow.exporter,
            flow.importer,
            flow.country,
            lines(flow.how),
            flow.regime,
            words(flow.outcome),
            lines(
                flow.basis or "nothing on file",
                f"last day {flow.last_day.isoformat()}" if flow.last_day else None,
                None if flow.path_outcome == flow.outcome else f"the chain beneath: {words(flow.path_outcome)}",
                None if flow.flowing else "flow suspended",
            ),
            lines(*flow.periods),
        )
        for flow in facts.flows
    ]
    return Table("Transfers", "grid", COLUMNS, tuple(sorted(rows)), VERDICT)
