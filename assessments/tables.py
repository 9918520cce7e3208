"""What was judged. Each judgement says on which journal sequence and law version it rests; none is ever edited."""

from piccolo.columns import BigInt, BigSerial, Boolean, Date, Integer, Timestamptz, Varchar
from piccolo.table import Table

from registry import vocabulary as v
from registry.tables import (
    Contract,
    Document,
    Engagement,
    Fact,
    Operation,
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


class Alert(Judgement, Table):
    """One cause that somebody must hear about; `since` is the day it was raised, `until` the day after it was dealt with."""

    cause = Varchar(length=200, required=True, default="", help_text="An entry, an event of the law, or a day reached")
    subject = note("What happened")
    assessments = words("Retired: assessments point to the alert that they changed with")
    effect = day("The day on which it takes effect")
    instrument = Varchar(length=80, null=True, default=None, help_text="Key of the law's instrument concerned")
    kind = choice(v.AlertKind, "What it is about")
    transfer = link(Transfer, "The transfer concerned, where it is one", required=False)
    vendor = link(Vendor, "The vendor concerned, where it is one", required=False)


class Assessment(Judgement, Table):
    """A verdict on a transfer as recorded, from the day it was first seen."""

    transfer = link(Transfer, "The transfer")
    regime = Varchar(length=20, required=True, default="", help_text="The data protection law applied")
    outcome = choice(v.Outcome, "Of the leg itself", required=True)
    path_outcome = choice(v.Outcome, "The worst of the leg and all hops beneath", required=True)
    basis = Varchar(length=80, null=True, default=None, help_text="The instrument it rests on")
    last_day = day("The last day of that basis, where an end is known")
    codes = words("The codes of its findings")
    alert = link(Alert, "The alert raised by the same cause", required=False)


class Suspension(Judgement, Table):
    """A flow stopped, from `since` until `until` (Clause 16(b))."""

    transfer = link(Transfer, "The transfer")
    reason = note("Why it was stopped")


class Review(Judgement, Table):
    """A round of re-verification of a vendor: a row is opened ahead of the due day, another one says how it was completed.

    `since` is the day it was opened, or completed.
    """

    vendor = link(Vendor, "The vendor")
    due = day("The day by which it must be done", required=True)
    completed_on = day("The day on which a person completed it")
    accepted = Boolean(null=True, default=None, help_text="Whether what was shown was accepted")
    completed_by = link(Person, "Who completed it", required=False)
    contract = link(Contract, "The contract that was confirmed", required=False)
    findings = note("What was confirmed, and on what evidence")
    confirmed = words("What was confirmed again: undertakings, listing, assurances, sub-processors, contract")
    document = link(Document, "The evidence", required=False)


class Case(Judgement, Table):
    """Remediation, objection, exit or request: something with a deadline that stays open until evidence is filed."""

    vendor = link(Vendor, "The vendor")
    engagement = link(Engagement, "The engagement concerned", required=False)
    kind = choice(v.CaseKind, "Why it is open", required=True)
    due = day("By when")
    closed_on = day("When it was closed")
    outcome = note("With what result")


class Watched(Operation, Table):
    """One row: up to where the watch has looked. Lost in a restore, it looks at everything again."""

    id = Integer(primary_key=True, default=1)
    sequence = BigInt(default=0, help_text="The newest journal sequence it has seen")
    day = Date(null=True, default=None, help_text="The last day on which it looked")
    law_version = Varchar(length=64, default="", help_text="Fingerprint of the law pack it judged by")
    failed = Timestamptz(null=True, default=None, help_text="When a look failed; empty since one did not")
    error = Varchar(length=400, default="", help_text="Why it failed")


class Due(Operation, Table):
    """When a transfer's verdict will read otherwise: the watch's own list of what to look at again."""

    id = BigSerial(primary_key=True)
    transfer = BigInt(unique=True, default=0, help_text="The transfer (its thing)")
    day = Date(index=True, default=None, null=False, help_text="The first day on which it will")


class Delivery(Operation, Table):
    """An alert on its way to a person by a channel: sent once, tried again while it fails."""

    id = BigSerial(primary_key=True)
    alert = Varchar(length=200, index=True, default="", help_text="Key of the alert")
    person = Varchar(length=200, default="", help_text="Key of the person")
    channel = Varchar(length=40, default="", help_text="File name of the channel")
    made = Timestamptz(default=None, null=False, help_text="When it became due")
    claimed = Timestamptz(null=True, default=None, help_text="When a process took it to send")
    sent = Timestamptz(null=True, default=None, help_text="When it went out")
    tries = Integer(default=0, help_text="How often it was tried")
    error = Varchar(length=400, default="", help_text="Why the last try failed")
