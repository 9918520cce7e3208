"""What was judged. Each judgement says on which journal sequence and law version it rests; none is ever edited."""

from piccolo.columns import BigInt, Boolean, Varchar
from piccolo.table import Table

from registry import vocabulary as v
from registry.tables import (
    Contract,
    Engagement,
    Fact,
    Person,
    Transfer,
    Vendor,
    choice,
    day,
    link,
    note,
    words,
)


class Judgement(Fact):
    """A fact about us that we made ourselves, and what it rests on."""

    judged = True

    rests_on = BigInt(null=True, default=None, help_text="The newest journal sequence that was read for it")
    law_version = Varchar(length=64, null=True, default=None, help_text="Fingerprint of the law pack that was applied")


class Decision(Judgement, Table):
    """Who decided what about a vendor's gate; in force from `since` until `until`."""

    vendor = link(Vendor, "The vendor")
    standing = choice(v.Standing, "What was decided", required=True)
    decided_by = link(Person, "Who decided; never the person who registered the vendor", required=False)
    conditions = note("What must hold for it to stand")
    findings = words("The codes that stood against it when it was decided")


class Assessment(Judgement, Table):
    """A verdict on a transfer as recorded, from the day it was first seen."""

    transfer = link(Transfer, "The transfer")
    regime = Varchar(length=20, required=True, default="", help_text="The data protection law applied")
    outcome = choice(v.Outcome, "Of the leg itself", required=True)
    path_outcome = choice(v.Outcome, "The worst of the leg and all hops beneath", required=True)
    basis = Varchar(length=80, null=True, default=None, help_text="The instrument it rests on")
    last_day = day("The last day of that basis, where an end is known")
    codes = words("The codes of its findings")


class Alert(Judgement, Table):
    """One cause that somebody must hear about."""

    cause = Varchar(length=200, required=True, default="", help_text="An entry, an event of the law, or a day reached")
    subject = note("What happened")
    assessments = words("Keys of the assessments that the cause changed")


class Suspension(Judgement, Table):
    """A flow stopped, from `since` until `until` (Clause 16(b))."""

    transfer = link(Transfer, "The transfer")
    reason = note("Why it was stopped")


class Review(Judgement, Table):
    """A round of re-verification of a vendor; `since` is the day it was opened."""

    vendor = link(Vendor, "The vendor")
    due = day("The day by which it must be done", required=True)
    completed_on = day("The day on which a person completed it")
    accepted = Boolean(null=True, default=None, help_text="Whether what was shown was accepted")
    completed_by = link(Person, "Who completed it", required=False)
    contract = link(Contract, "The contract that was confirmed", required=False)
    findings = note("What was confirmed, and on what evidence")


class Case(Judgement, Table):
    """Remediation, objection, exit or request: something with a deadline that stays open until evidence is filed."""

    vendor = link(Vendor, "The vendor")
    engagement = link(Engagement, "The engagement concerned", required=False)
    kind = choice(v.CaseKind, "Why it is open", required=True)
    due = day("By when")
    closed_on = day("When it was closed")
    outcome = note("With what result")
