"""Art. 30(1): the record of processing activities of a controller, letter by letter, derived from the rows in force."""

from collections.abc import Iterator
from typing import Any

from assessments.facts import Facts, Flow, Row, grouped
from assessments.record import Column, Record, Table, lines, words
from assessments.reports.transfers import flows_table
from registry.vocabulary import Outcome, Role

TITLE = "Record of processing activities"
LEGAL_BASIS = "Regulation (EU) 2016/679, Article 30(1)"
COLUMNS = (
    Column("Processing activity", width=28),
    Column("Controller", "(a)", 26),
    Column("Controller's address", "(a)", 26),
    Column("Controller's contact details", "(a)", 30),
    Column("Joint controller", "(a)", 26),
    Column("Representative", "(a)", 26),
    Column("Data protection officer", "(a)", 30),
    Column("Purposes of the processing", "(b)", 32),
    Column("Categories of data subjects", "(c)", 26),
    Column("Categories of personal data", "(c)", 30),
    Column("Special categories", "(c)", 22),
    Column("Recipients", "(d)", 54),
    Column("Transfers to third countries", "(e)", 40),
    Column("Safeguards for the transfers", "(e)", 54),
    Column("Time limits for erasure", "(f)", 28),
    Column("Security measures", "(g)", 54),
)
OURS = {"controller", "joint_controller"}


def compose(facts: Facts) -> Record:
    """The record of every activity that a company of ours carries out as controller, alone or with another."""
    read = Reader(facts)
    rows = [read.activity(row) for row in facts.rows["processing_activity"] if row["our_role"] in OURS]
    return Record(
        name="art30_controller",
        title=TITLE,
        legal_basis=LEGAL_BASIS,
        houses=facts.houses,
        valid_on=facts.clocks.as_of,
        known_on=facts.clocks.shown,
        law_version=facts.law.pack.version,
        sequence=facts.sequence,
        proof=facts.proof,
        notice=facts.notice,
        tables=(Table("Processing activities", "sections", COLUMNS, tuple(sorted(rows))), flows_table(facts)),
    )


def _each(column: str, *rows: Row) -> Iterator[str]:
    """What an activity says, and then what the engagements in it say besides: the record is of all that is passed on."""
    for row in rows:
        yield from row[column] or ()


class Reader:
    """The rows in force, by what they belong to."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.names = facts.named.names
        self.parties = {row["thing"]: row for row in facts.rows["party"]}
        self.vendors = {row["thing"]: row["party"] for row in facts.rows["vendor"]}
        self.contacts = grouped(facts.rows["contact"], "party")
        self.engagements = grouped(facts.rows["engagement"], "activity")
        self.passed_on = grouped(facts.rows["sub_processing"], "processor")
        self.measures = [": ".join(said for said in (row["name"], row["description"]) if said) for row in facts.rows["measure"]]
        self.flows: dict[int, list[Flow]] = {}
        for flow in facts.flows:
            self.flows.setdefault(flow.engagement, []).append(flow)

    def activity(self, row: Row) -> tuple[str, ...]:
        """One activity under the columns above."""
        controller = row["controller"]
        engagements = self.engagements.get(row["thing"], [])
        joint = self._joint(row, engagements)
        flows = [flow for one in engagements for flow in self.flows.get(one["thing"], [])]
        return (
            row["name"],
            lines(self.names[controller]),
            lines(self._of(controller, "address")),
            lines(*self._contacts("contact", controller)),
            lines(
                *(
                    said
                    for one in joint
                    for said in (self.names[one], self._of(one, "address"), *self._contacts("contact", one))
                )
            ),
            lines(*self._contacts("representative", controller, *joint)),
            lines(*self._contacts("data_protection_officer", controller, *joint)),
            lines(*(row["purposes"] or ())),
            lines(*_each("data_subjects", row, *engagements)),
            lines(*_each("data_categories", row, *engagements)),
            lines(*map(words, _each("special_categories", row, *engagements)))
            if row["special_categories"] != [] or any(one["special_categories"] for one in engagements)
            else lines("none"),
            lines(*(line for one in engagements for line in self._recipients(one))),
            lines(*(where for flow in flows for where, _ in self._transfers(flow))),
            lines(*(ground for flow in flows for _, ground in self._transfers(flow))),
            lines(row["erasure_time_limits"]),
            lines(row["security_measures"], *self.measures),
        )

    def _joint(self, row: Row, engagements: list[Row]) -> list[int]:
        """Art. 26(1): who determines purposes and means with us, by the activity itself or by an engagement in it."""
        engaged = [self.vendors.get(one["vendor"]) for one in engagements if one["role"] == Role.JOINT_CONTROLLER]
        return list(dict.fromkeys(one for one in (row["joint_controller"], *engaged) if one is not None))

    def _transfers(self, flow: Flow) -> Iterator[tuple[str, str]]:
        """Art. 30(1)(e): where a flow leads out of the area, and on what ground; the same of those beneath it (Art. 44)."""
        if flow.outcome != Outcome.NO_TRANSFER:
            yield (
                f"{flow.country}: {flow.importer}, {flow.how}; from {flow.exporter}",
                f"{flow.importer}, {flow.country} ({flow.regime}): {flow.safeguard}",
            )
        for (above, below, code), said in flow.beneath.items():
            if not said.startswith(words(Outcome.NO_TRANSFER)):
                country = self.facts.country(code)
                yield (
                    f"{country}: {self.names[below]}, passed on by {self.names[above]}",
                    f"{self.names[below]}, {country} ({flow.regime}): {said}",
                )

    def _of(self, party: int | None, column: str) -> Any:
        row = self.parties.get(party) if party is not None else None
        return row[column] if row else None

    def _contacts(self, capacity: str, *parties: int) -> Iterator[str]:
        for row in (row for party in parties for row in self.contacts.get(party, [])):
            if row["capacity"] == capacity:
                yield ", ".join(said for name in ("name", "email", "phone", "address") if (said := row[name]))

    def _recipients(self, engagement: Row) -> Iterator[str]:
        """The vendor engaged with role, country, safeguard and verdict; beneath it those to whom it passes the data on."""
        party = self.vendors.get(engagement["vendor"])
        if party is None:
            return
        role = words(engagement["role"]) if engagement["role"] else "role not recorded"
        flows = self.flows.get(engagement["thing"], [])
        several = len({flow.regime for flow in flows}) > 1
        said = dict.fromkeys(f"{flow.country}{f' ({flow.regime})' if several else ''}: {flow.safeguard}" for flow in flows)
        yield f"{self._party(party)}, {role}; {'; '.join(said) or 'no transfer recorded'}"
        yield from self._beneath(engagement["thing"], party, flows)

    def _beneath(self, engagement: int, party: int, flows: list[Flow]) -> Iterator[str]:
        seen, waiting = {party}, [party]
        for above in waiting:
            for row in self.passed_on.get(above, []):
                below = row["sub_processor"]
                if row["engagement"] not in {None, engagement}:
                    continue
                verdicts = dict.fromkeys(
                    said for flow in flows if (said := flow.beneath.get((above, below, row["country"]))) is not None
                )
                where = self.facts.country(row["country"])
                said = "; ".join(verdicts) or "no transfer of ours leads there"
                yield f"↳ {self._party(below)}, sub-processor of {self.names[above]}; {where}: {said}"
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)

    def _party(self, party: int) -> str:
        code = self._of(party, "country")
        return f"{self.names[party]} ({self.facts.country(code)})" if code else self.names[party]
