"""What is recorded: one column a fact, said once, with the article that asks for it.

Kinds of tables: a `Fact` (or judgement) is written only through `journal.py`, whose own `Journal` tables are append-only;
an `Operation` is a plain row that no rule and no report reads and that a restore may lose; a `Looked` row is append-only and
says who opened or took what. `tests/registry/test_tables.py` holds that every table is of exactly one kind.

New columns are added at the end of a class, as the database adds them, so that a table and its view in `known` read alike.

A fact's row says what is so from `since` (counts) until `until` (does not). Rows with one `key` are periods of one and
the same thing; `thing` is the id of the first of them, and it is what foreign keys name.
"""

from enum import Enum
from typing import Any, TypeVar

from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Column,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    OnUpdate,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from registry import vocabulary as v

AnyColumn = TypeVar("AnyColumn", bound=Column)


def personal(column: AnyColumn) -> AnyColumn:
    """Marks a column that may hold data of a natural person: its values can be erased, never its commitments."""
    column.__dict__["_personal"] = True
    return column


def is_personal(column: Column) -> bool:
    return bool(column.__dict__.get("_personal"))


def text(help_text: str, *, required: bool = False) -> Text:
    return Text(help_text=help_text, required=required, null=not required, default="" if required else None)


def note(help_text: str) -> Text:
    """Free text, in which somebody may always be named."""
    return personal(text(help_text))


def choice(words: type[Enum], help_text: str, *, required: bool = False) -> Varchar:
    default: Any = "" if required else None
    return Varchar(length=40, choices=words, help_text=help_text, required=required, null=not required, default=default)


def country(help_text: str, *, required: bool = False) -> Varchar:
    """An ISO 3166-1 code, XK, or one of the law's own codes (XO-EPO); aliases are made into these on the way in."""
    column = Varchar(length=6, help_text=help_text, required=required, null=not required, default="" if required else None)
    column.__dict__["_country"] = True
    return column


def is_country(column: Column) -> bool:
    return bool(column.__dict__.get("_country"))


def moment(help_text: str) -> Varchar:
    """A time in UTC to the minute, written YYYY-MM-DDTHH:MMZ, so that it reads alike wherever an image of it is made."""
    column = Varchar(length=17, help_text=help_text, required=False, null=True, default=None)
    column.__dict__["_moment"] = True
    return column


def is_moment(column: Column) -> bool:
    return bool(column.__dict__.get("_moment"))


def words(help_text: str, among: type[Enum] | None = None) -> Array:
    base = Varchar(length=40, choices=among) if among else Text()
    return Array(base_column=base, help_text=help_text, null=True, default=None)


def day(help_text: str, *, required: bool = False) -> Date:
    return Date(help_text=help_text, required=required, null=not required, default=None)


def answer(help_text: str) -> Boolean:
    """Yes, no, or not recorded; not recorded is never yes."""
    return Boolean(help_text=help_text, null=True, default=None)


def link(table: Any, help_text: str, *, required: bool = True) -> ForeignKey[Any]:
    return ForeignKey(
        references=table,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
        null=not required,
        required=required,
        help_text=help_text,
    )


class Fact:
    """What every journaled row has. `Judgement` (assessments) is one too."""

    judged = False  # whether it is a judgement of ours: added, ended or voided, never edited

    id = BigSerial(primary_key=True)
    key = Varchar(length=200, required=True, default="", help_text="Names the thing, for good, never a natural person")
    thing = BigInt(default=None, null=False, help_text="The id of the first row of the same key; foreign keys name it")
    version = Integer(default=1, help_text="1, and one more with each entry about this row; a stale edit is refused by it")
    since = day("First day on which this is so", required=True)
    until = day("First day on which it is no longer so")


class Operation:
    """Plain rows: read by no rule and no report, may be lost in a restore."""


class Looked:
    """Append-only rows that say who opened, exported or downloaded what."""


class Journal:
    """Append-only rows that `journal.py` alone writes."""


class Register(Fact, Table):
    """The register itself; its row is the journal's first entry, and says for good whether this is a demo."""

    demo = Boolean(default=False, help_text="Invented data, written along its own history")


class Party(Fact, Table):
    """A legal person, ours or another's: the only thing that exports, imports, signs or is listed."""

    name = text("Art. 30(1)(a), 30(1)(d): its name in law", required=True)
    trading_names = words("Names it is also known by")
    ours = Boolean(default=False, help_text="Whether it is a company of ours")
    country = country("Country of its establishment (Art. 30(1)(d), (e))", required=True)
    address = note("Art. 30(1)(a): its postal address")
    registration_number = text("Its number in the commercial register")
    lei = Varchar(length=20, null=True, default=None, help_text="Legal Entity Identifier (ISO 17442)")
    website = text("Its public site; also how look-alikes are found")
    pipeda = answer("2002/2/EC Art. 1: subject to the Canadian PIPEDA")
    appi_operator = answer("(EU) 2019/419 Art. 1: personal information handling business operator under the APPI")
    pipa = answer("(EU) 2022/254 Art. 1: subject to the Korean PIPA")
    lgpd = answer("(EU) 2026/179 Art. 1: subject to the Brazilian LGPD")
    note = note("Anything else worth knowing")
    covered_person = answer("28 CFR 202.211: a covered person under the United States rule on bulk sensitive data")
    gdpr_applies = answer("(EU) 2021/914, recital 7: whether its own processing of these data is under the GDPR (Art. 3(2))")


class RegimeScope(Fact, Table):
    """Why a data protection law applies to a party of ours; the law says which one that is on a day."""

    party = link(Party, "The party of ours")
    basis = choice(v.ScopeBasis, "Art. 3(1) established, Art. 3(2) offers goods or services or monitors", required=True)
    territory = country("The country or area (EEA) in which it is established, or in which the people are", required=True)
    note = note("On what this rests")


class Person(Fact, Table):
    """Who may act in the register, and as what. No secret stands here."""

    name = personal(text("The person's name"))
    email = personal(text("Where alerts and invitations go"))
    role = choice(v.PersonRole, "What the person may do", required=True)
    ends = moment("The time from which an auditor may no longer sign in (UTC, YYYY-MM-DDTHH:MMZ)")


class Contact(Fact, Table):
    """A natural person at a party: whom to ask, its data protection officer, its representative (Art. 27)."""

    party = link(Party, "The party they speak for")
    capacity = choice(v.ContactCapacity, "Art. 30(1)(a): as what they are named", required=True)
    name = personal(text("Name"))
    email = personal(text("E-mail address"))
    phone = personal(text("Telephone number"))
    address = personal(text("Postal address"))


class Document(Fact, Table):
    """Evidence, named by what it is: the SHA-256 of its bytes. `since` is the day it was filed."""

    title = note("What the document is")
    file_name = note("The name it came with")
    sha256 = Varchar(length=64, required=True, default="", help_text="SHA-256 of the bytes, hexadecimal")
    media_type = text("By content, not by name", required=True)
    size = Integer(required=True, default=0, help_text="Bytes, at most 25 MB")
    content = Bytea(null=True, default=None, help_text="The bytes; an entry holds only their SHA-256")


class Vendor(Fact, Table):
    """Our relation to a party. Its standing on a day is its last decision in force."""

    party = link(Party, "The legal person we deal with")
    category = choice(v.VendorCategory, "What it is for", required=True)
    service = note("What it does for us, in everyday words")
    owner = link(Person, "Who answers for it in our house", required=False)
    note = note("Anything else worth knowing")
    review_months = Integer(null=True, default=None, help_text="Months between two reviews, where the tier's are not to hold")
    review_reason = personal(text("Why they are not to hold"))


class ProcessingActivity(Fact, Table):
    """What we do with personal data: a row of the record of processing activities (Art. 30)."""

    name = text("What the activity is called", required=True)
    controller = link(Party, "Art. 30(1)(a): the company of ours that carries it out")
    our_role = choice(v.OurRole, "Art. 30(1) as controller, Art. 30(2) as processor", required=True)
    on_behalf_of = link(Party, "Art. 30(2)(a): the controller we act for, where we are the processor", required=False)
    joint_controller = link(Party, "Art. 30(1)(a): the joint controller, where there is one", required=False)
    categories_of_processing = words("Art. 30(2)(b): what we carry out on behalf of that controller")
    purposes = words("Art. 30(1)(b): the purposes of the processing")
    legal_basis = choice(v.LegalBasis, "Art. 6(1): what makes it lawful")
    data_subjects = words("Art. 30(1)(c): categories of data subjects")
    data_categories = words("Art. 30(1)(c): categories of personal data")
    special_categories = words("Art. 9(1), Art. 10: special categories and criminal data", v.SpecialCategory)
    erasure_time_limits = note("Art. 30(1)(f): envisaged time limits for erasure")
    security_measures = note("Art. 30(1)(g): general description of the measures of Art. 32(1)")
    note = note("Anything else worth knowing")


class Engagement(Fact, Table):
    """A vendor's part in an activity."""

    vendor = link(Vendor, "The vendor")
    activity = link(ProcessingActivity, "The activity")
    role = choice(v.Role, "Art. 4(7)-(9): as what it receives the data")
    purposes = words("Art. 28(3): what the data are passed on for; ours alone")
    data_subjects = words("Art. 28(3): categories of data subjects concerned")
    data_categories = words("Art. 28(3): type of personal data passed on")
    special_categories = words("Art. 9(1), Art. 10: special categories among them", v.SpecialCategory)
    data_kind = choice(v.DataKind, "Human resources data or not: listings cover one, the other or both")
    excluded_purpose = choice(v.Purpose, "A purpose that a decision on adequacy leaves out, if it is one of these")
    disclosure_basis = choice(v.LegalBasis, "Art. 6(1): what makes the disclosure to another controller lawful")
    arrangement = answer("Art. 26(1): joint controllers have an arrangement between them")
    only_our_purposes = answer("The data are used for our purposes alone")
    note = note("Anything else worth knowing")


class Contract(Fact, Table):
    """The contract behind an engagement, term by term: yes, no, or not recorded."""

    engagement = link(Engagement, "The engagement it governs")
    signed_on = day("The day both sides had signed")
    documented_instructions = answer("Art. 28(3)(a): acts only on documented instructions, transfers included")
    confidentiality = answer("Art. 28(3)(b): its people are bound to confidentiality")
    security = answer("Art. 28(3)(c): takes all measures of Art. 32")
    sub_processors = answer("Art. 28(3)(d): respects the conditions for sub-processors")
    assists_rights = answer("Art. 28(3)(e): helps us answer people's requests")
    assists_duties = answer("Art. 28(3)(f): helps us with Arts 32 to 36")
    deletes_or_returns = answer("Art. 28(3)(g): deletes or returns the data at the end, as we choose")
    audits = answer("Art. 28(3)(h): shows compliance, allows audits")
    only_our_purpose = answer("Principle 3.b(i): uses the data only to help us provide our services")
    stays_in_framework = answer("Principle 3.b(ii): stays in its framework, or keeps the same level of protection")
    tells_us = answer("Principle 3.b(iv): tells us when it can no longer protect the data as promised")
    authorisation = choice(v.Authorisation, "Art. 28(2): how sub-processors are authorised")
    notice_days = Integer(null=True, default=None, help_text="Clause 9(a): days of notice before a new sub-processor")
    document = link(Document, "The signed text", required=False)
    note = note("Anything else worth knowing")


class Transfer(Fact, Table):
    """One leg of one engagement: the only place where a country of processing is recorded."""

    engagement = link(Engagement, "The engagement it serves")
    exporter = link(Party, "Who sends or makes the data available (EDPB Guidelines 05/2021, criterion 2)")
    importer = link(Party, "Who receives them or gains access")
    country = country("Art. 30(1)(e): where they are received, stored or accessed from", required=True)
    how = choice(v.How, "Established there, stored there or accessed from there", required=True)
    automated = answer("2011/61/EU Art. 1: automated transfer, or further processed by automated means")
    note = note("Anything else worth knowing")


class Circumstance(Fact, Table):
    """What is so about one flow that the law asks for: a condition of Art. 49, or of a law elsewhere."""

    transfer = link(Transfer, "The flow it is about")
    fact = choice(v.Circumstance, "Art. 49(1), 49(3), and the tests of other laws: what is asked", required=True)
    answer = answer("Yes or no, where it is asked so")
    number = BigInt(null=True, default=None, help_text="How many, where it is counted: working days, data subjects")
    document = link(Document, "What shows it", required=False)
    note = note("On what this rests")


class Safeguard(Fact, Table):
    """What stands between two parties for the legs between them (Art. 46)."""

    exporter = link(Party, "The party that exports")
    importer = link(Party, "The party that imports")
    engagement = link(Engagement, "Only for the legs of this engagement; empty: for all between the two", required=False)
    instrument = Varchar(length=80, required=True, default="", help_text="Art. 46: the instrument of the law")
    module = choice(v.Module, "(EU) 2021/914: the module signed")
    concluded_on = day("The day on which the clauses were concluded ((EU) 2021/914 Art. 4)")
    changed_on = day("The day on which the processing changed under old clauses ((EU) 2021/914 Art. 4(4))")
    combines_eu_data = answer("Clause 14, Module 4: the processor combines the data with data it collected in the EU")
    rank = choice(v.Rank, "Relied on, or asleep beside what is", required=True)
    state = choice(v.SafeguardState, "Only signed ones count", required=True)
    document = link(Document, "The signed text", required=False)
    note = note("Anything else worth knowing")
    approved = answer("Art. 46(3), 47(1): whether the competent authority has approved it")
    approved_on = day("Art. 46(3), 47(1): the day of that approval")
    approved_by = choice(v.ApprovedBy, "Whose authority: an approval serves the law of its own authority alone")
    in_group = answer("Art. 47(1)(a): whether the importer is a member of the group that the rules bind")
    commitments = answer("Art. 46(2)(e), (f): binding and enforceable commitments of the importer")
    ch_amended = answer("FADP Art. 16(2)(d): with the Swiss amendments of 27 August 2021")
    filed = answer("PIPL Art. 38: filed with the authority")


class Certification(Fact, Table):
    """A party's listing in a framework, or its certificate, as looked up."""

    party = link(Party, "Who is listed: the contracting legal person, or one of its covered entities")
    framework = Varchar(length=80, required=True, default="", help_text="The framework of the law, or iso-27001, soc-2 …")
    status = choice(v.ListingStatus, "The status as the list words it", required=True)
    covers_hr = answer("Whether human resources data are covered")
    covers_non_hr = answer("Whether data other than human resources data are covered")
    next_due = day("Last day of the current certification year; that day is usable")
    looked_up_on = day("When somebody last looked")
    looked_up_at = text("Where: the list's own page")
    document = link(Document, "What was seen", required=False)


class ImpactAssessment(Fact, Table):
    """What we concluded about a route (Clause 14(d)); `since` is the day it was completed."""

    exporter = link(Party, "The party that exports")
    importer = link(Party, "The party that imports")
    country = country("The country whose law and practice were assessed", required=True)
    outcome = choice(v.ImpactOutcome, "EDPB Recommendations 01/2020, step 3", required=True)
    measures = choice(v.MeasuresOutcome, "EDPB Recommendations 01/2020, step 4: whether measures close the gap")
    measures_taken = note("Which supplementary measures, and who keeps the keys")
    dossier_version = text("The version of the country dossier it rests on, such as US 2026-06-29")
    document = link(Document, "The assessment itself", required=False)
    note = note("Anything else worth knowing")
    standard = choice(v.ImpactStandard, "Art. 46(1), UK GDPR Art. 46(1A): by which test; not said: that of the EU")
    draft = answer("Whether it is still being written: a draft counts for nothing")
    sector = text("Clause 14(b)(i): the economic sector in which the transfer takes place")
    volume = text("Clause 14(b)(i): how many people or records")
    frequency = choice(v.Frequency, "Annex I.B: how often the data are transferred")
    data_format = choice(v.DataFormat, "Clause 14(b)(i): the format of the data")
    key_holder = personal(text("EDPB Recommendations 01/2020, Annex 2: who holds the keys or the further information"))
    tool = personal(text("EDPB Recommendations 01/2020, step 2: the transfer tool, and its annexes"))
    laws_assessed = words("Step 3: each law with its citation, and whether it applies to the importer")
    practice_evidence = words("Step 3: transparency reports, counts of requests, statements of the importer")
    clear_rules = answer("EDPB Recommendations 02/2020, A: access rests on clear, precise and accessible rules")
    proportionate = answer("EDPB Recommendations 02/2020, B: access is necessary and proportionate")
    overseen = answer("EDPB Recommendations 02/2020, C: an independent body oversees it")
    remedies = answer("EDPB Recommendations 02/2020, D: people have effective remedies")
    technical_measures = words("Step 4: technical measures, each with the department that sees to it, and by when")
    contractual_measures = words("Step 4: contractual measures, each with the department that sees to it, and by when")
    organisational_measures = words("Step 4: organisational measures, each with the department that sees to it, and by when")
    decision = personal(text("Step 5: what was decided, and what is to be done first"))
    approver = link(Person, "Who approved it", required=False)
    next_review = day("Step 6, Clause 14(e): by when it is to be looked at again; that day is in time")


class Measure(Fact, Table):
    """One of our own security measures (Art. 32): what a vendor's security must be as strong as."""

    name = text("What the measure is called", required=True)
    description = note("Art. 32(1): what it does")


class Assurance(Fact, Table):
    """Vendor x measure: what it claims, on what evidence, how old. `since` is the day of the evidence."""

    vendor = link(Vendor, "The vendor")
    measure = link(Measure, "Our measure that it must be as strong as")
    as_strong = answer("Art. 28(1): whether the vendor's measure is as strong as ours")
    claim = note("What the vendor says of it")
    evidence = choice(v.EvidenceKind, "On what ground we believe it")
    document = link(Document, "The evidence", required=False)


class SubProcessing(Fact, Table):
    """A vendor's vendor: the next hop of the chain, to any depth (Art. 28(2), 28(4))."""

    processor = link(Party, "Who passes the data on")
    sub_processor = link(Party, "Who receives them")
    engagement = link(Engagement, "Only for this engagement of ours; empty: whatever it does for us", required=False)
    country = country("Where they are received, stored or accessed from", required=True)
    how = choice(v.How, "Established there, stored there or accessed from there")
    automated = answer("2011/61/EU Art. 1: automated transfer, or further processed by automated means")
    data_categories = words("What it receives")
    authorisation = choice(v.Authorisation, "Art. 28(2): how we authorised it")
    notified_on = day("Art. 28(2): when we were told")
    bound_alike = answer("Art. 28(4), Principle 3: bound by contract to the same obligations")
    note = note("Anything else worth knowing")


class Notice(Fact, Table):
    """A vendor told us something; `since` is the day we received it."""

    vendor = link(Vendor, "Who told us")
    kind = choice(v.NoticeKind, "What it is about", required=True)
    message = note("What it says")
    document = link(Document, "The message itself", required=False)
    authority_country = country("Art. 48: the country whose court or authority asks for the data")
    agreement = note("Art. 48: the international agreement on which its order rests, where there is one")
    disclosed = answer("Art. 48, Clause 15: whether the data were handed over")
    challenged = answer("Clause 15.2: whether the request was reviewed and challenged")


class Reverification(Fact, Table):
    """Somebody looked a legal fact up again; `since` is the day on which that was recorded."""

    fact = Varchar(length=160, required=True, default="", help_text="The fact as `onward law check` names it")
    verified_on = day("The day on which it was looked up; later than the file says", required=True)
    seen = note("What was seen: the page or the text")
    note = note("Anything else worth knowing")


class SigningKey(Fact, Table):
    """A key that signs this register's checkpoints, from `since` until `until`; its key here is its fingerprint."""

    vkey = Varchar(length=200, required=True, default="", help_text="The public key (C2SP signed-note): name, id, key")


class Erased(Fact, Table):
    """What an erasure took from behind entries: those values are gone for good, and nothing else may be missing."""

    values = words("Each as the entry's sequence, a colon, and the column or (why)")


class LawPack(Fact, Table):
    """The law by which this register judges, from `since` until another was adopted: all its files in one piece."""

    fingerprint = Varchar(length=64, required=True, default="", index=True, help_text="SHA-256 of the files' names and bytes")
    sha256 = Varchar(length=64, required=True, default="", help_text="SHA-256 of the bytes kept here, hexadecimal")
    content = Bytea(null=True, default=None, help_text="The files; an entry holds only the SHA-256")


class JournalHead(Journal, Table):
    """One row: where the journal stands. Taking it is what puts entries in one order."""

    id = Integer(primary_key=True, default=1)
    sequence = BigInt(default=0, help_text="The newest entry's sequence")
    at = Timestamptz(null=True, default=None, help_text="The newest entry's time, UTC")
    clock = Timestamptz(null=True, default=None, help_text="A demo's own time; empty on every other register")


class JournalEntry(Journal, Table):
    """What happened to one row. Personal values enter only as SHA-256(salt | value)."""

    sequence = BigInt(primary_key=True, default=0)
    at = Timestamptz(default=None, null=False, help_text="UTC, never earlier than the entry before it")
    kind = Varchar(length=12, choices=v.EntryKind, default="", help_text="recorded, changed, corrected, voided, erased")
    who = Varchar(length=240, default="", help_text="Person key, system:<job>, link:<key> or cli:<login>: never a name")
    table = Varchar(length=63, default="", help_text="The table of the row")
    row = BigInt(default=0, help_text="The id of the row")
    version = Integer(default=1, help_text="The row's version after the change")
    image = JSONB(default="{}", help_text="The whole row after the change, personal values as commitments")
    why = Varchar(length=64, null=True, default=None, help_text="Commitment to the reason given")
    nonce = Bytea(default=b"", help_text="16 random bytes, so that a leaf's hash gives nothing away")


class JournalValue(Journal, Table):
    """A personal value of an entry, with the salt of its commitment: the only rows that may be deleted."""

    id = BigSerial(primary_key=True)
    sequence = BigInt(default=0, help_text="The entry")
    name = Varchar(length=63, default="", help_text="The column, or `why`")
    salt = Bytea(default=b"", help_text="16 random bytes")
    value = Text(default="", help_text="The value")


class Checkpoint(Journal, Table):
    """A signed head of the journal's tree (C2SP tlog-checkpoint): whoever keeps one can tell later what was altered."""

    id = BigSerial(primary_key=True)
    size = BigInt(default=0, help_text="How many entries it covers")
    at = Timestamptz(default=None, null=False, help_text="When it was signed, UTC")
    note = Text(default="", help_text="The signed note: origin, size, root, the access log's hash, signatures")


class Tile(Operation, Table):
    """Up to 256 hashes of the journal's tree side by side (C2SP tlog-tiles); made from the entries again where lost."""

    id = BigInt(primary_key=True, default=0, help_text="Level * 2^48 + index")
    hashes = Bytea(default=b"", help_text="32 bytes each, from left to right")


class Credential(Operation, Table):
    """How a person proves to be that person. Never journaled, never exported."""

    id = BigSerial(primary_key=True)
    person = Varchar(length=200, unique=True, default="", help_text="Key of the person")
    password_hash = Text(default="", help_text="argon2id")
    given = Boolean(default=False, help_text="Given by somebody else: to be changed before anything else is opened")


class Session(Operation, Table):
    """A person signed in. The cookie holds a token, this row its SHA-256 alone."""

    id = BigSerial(primary_key=True)
    token_hash = Varchar(length=64, unique=True, default="", help_text="SHA-256 of the token, hexadecimal")
    person = Varchar(length=200, index=True, default="", help_text="Key of the person")
    began = Timestamptz(default=None, null=False, help_text="When the person signed in")
    seen = Timestamptz(default=None, null=False, help_text="When the person was last seen: the idle end counts from here")
    ends = Timestamptz(default=None, null=False, help_text="When it ends whatever happens")
    revoked = Timestamptz(null=True, default=None, help_text="When somebody ended it")
    agent = Varchar(length=200, default="", help_text="The browser, as it calls itself")


class Attempt(Operation, Table):
    """A try at a door that allows only so many: signing in, links, exports."""

    id = BigSerial(primary_key=True)
    door = Varchar(length=80, index=True, default="", help_text="Which door, and who stands before it, as a SHA-256")
    at = Timestamptz(default=None, null=False, help_text="When")


class Draft(Operation, Table):
    """What a person has typed and not yet recorded."""

    id = BigSerial(primary_key=True)
    key = Varchar(length=40, unique=True, default="", help_text="Random; stands in the address")
    person = Varchar(length=200, index=True, default="", help_text="Key of the person: nobody else may open it")
    content = JSONB(default="{}", help_text="The fields as typed")
    at = Timestamptz(default=None, null=False, help_text="When it was last kept")


class Secret(Operation, Table):
    """A secret that all machines of one register share, such as the one behind form tokens."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=40, unique=True, default="", help_text="What it is for")
    value = Varchar(length=100, default="", help_text="Random")


class Sent(Operation, Table):
    """A form that was taken: the same one sent again leads to what became of the first."""

    id = BigSerial(primary_key=True)
    key = Varchar(length=64, unique=True, default="", help_text="SHA-256 of who sent what where, with the form's own token")
    at = Timestamptz(index=True, default=None, null=False, help_text="When it was taken")
    answer = Varchar(length=1000, default="", help_text="The address that it led to")


class Look(Looked, Table):
    """Who opened, exported or downloaded what, and when."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=None, null=False, help_text="When, UTC")
    person = Varchar(length=200, index=True, default="", help_text="Key of the person, or cli:<login>")
    what = Varchar(length=40, default="", help_text="opened, downloaded, signed in …")
    of = Varchar(length=400, default="", help_text="The address, or the record's name and clocks")
