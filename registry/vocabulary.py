"""The words of the field that a column may hold. Each value is what is stored, exported and imported."""

from enum import StrEnum

DEMO_NOTICE = "Invented data; no statement about the companies named"


class EntryKind(StrEnum):
    """What happened to a row: the five kinds of journal entries."""

    RECORDED = "recorded"
    CHANGED = "changed"
    CORRECTED = "corrected"
    VOIDED = "voided"
    ERASED = "erased"


class PersonRole(StrEnum):
    """What a person may do in the register."""

    PROCUREMENT = "procurement"
    DPO = "dpo"
    AUDITOR = "auditor"
    ADMIN = "admin"


class ContactCapacity(StrEnum):
    """Why a natural person's details are on file (Art. 30(1)(a), 30(2)(a))."""

    CONTACT = "contact"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    REPRESENTATIVE = "representative"
    SECURITY = "security"


class ScopeBasis(StrEnum):
    """Why a data protection law applies to a party of ours (Art. 3(1), Art. 3(2))."""

    ESTABLISHED = "established"
    OFFERS_OR_MONITORS = "offers_or_monitors"


class VendorCategory(StrEnum):
    """What a vendor is for, in procurement's words."""

    PAYMENT = "payment"
    CRM = "crm"
    EMAIL_MARKETING = "email_marketing"
    EMAIL_VALIDATION = "email_validation"
    LIVE_CHAT = "live_chat"
    BUSINESS_PARTNER = "business_partner"
    HOSTING = "hosting"
    ANALYTICS = "analytics"
    SUPPORT = "support"
    GROUP_COMPANY = "group_company"
    OTHER = "other"


class Role(StrEnum):
    """In which role a recipient receives personal data (Art. 4(7)-(9), 26, 28)."""

    PROCESSOR = "processor"
    SUB_PROCESSOR = "sub_processor"
    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint_controller"
    RECIPIENT = "recipient"


class OurRole(StrEnum):
    """In which role we carry out an activity (Art. 30(1) or 30(2))."""

    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint_controller"
    PROCESSOR = "processor"


class LegalBasis(StrEnum):
    """Art. 6(1)(a)-(f)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class SpecialCategory(StrEnum):
    """Art. 9(1), and Art. 10 for criminal convictions."""

    RACIAL_OR_ETHNIC_ORIGIN = "racial_or_ethnic_origin"
    POLITICAL_OPINIONS = "political_opinions"
    RELIGIOUS_BELIEFS = "religious_beliefs"
    TRADE_UNION_MEMBERSHIP = "trade_union_membership"
    GENETIC = "genetic"
    BIOMETRIC = "biometric"
    HEALTH = "health"
    SEX_LIFE = "sex_life"
    CRIMINAL = "criminal"


class DataKind(StrEnum):
    """The distinction that listings and decisions draw between data (DPF Suppl. Principle 9; (EU) 2022/254)."""

    NON_HR = "non_hr"
    HR = "hr"
    CREDIT_FSC = "credit_fsc"


class Purpose(StrEnum):
    """Purposes that a decision on adequacy leaves out; any other purpose is not recorded here."""

    IMMIGRATION_CONTROL = "immigration_control"
    JOURNALISM = "journalism"
    ACADEMIC = "academic"
    RELIGIOUS = "religious"
    POLITICAL = "political"
    PUBLIC_SECURITY = "public_security"


class Circumstance(StrEnum):
    """What the law asks about one flow beyond who, what and where: Art. 49 GDPR letter by letter, and other laws' tests."""

    CONSENT_EXPLICIT = "consent_explicit"
    INFORMED_OF_RISKS = "informed_of_risks"
    OCCASIONAL = "occasional"
    REPETITIVE = "repetitive"
    NECESSARY = "necessary"
    LIMITED_SUBJECTS = "limited_subjects"
    ASSESSED = "assessed"
    SAFEGUARDS = "safeguards"
    SUBJECT_INFORMED = "subject_informed"
    SA_NOTIFIED = "sa_notified"
    PUBLIC_POWERS = "public_powers"
    PUBLIC_REGISTER = "public_register"
    RETURNING_TO_OWN_CONTROLLER = "returning_to_own_controller"
    BULK = "bulk"
    PIA = "pia"
    WRITTEN_AGREEMENT = "written_agreement"
    RKN_NOTIFIED = "rkn_notified"
    RKN_ADEQUATE = "rkn_adequate"
    WORKING_DAYS_ELAPSED = "working_days_elapsed"
    SUBJECTS_SINCE_JAN1 = "subjects_since_jan1"
    SENSITIVE = "sensitive"
    SYSTEMATIC = "systematic"
    CIIO = "ciio"
    CISA_REQUIREMENTS = "cisa_requirements"


NUMBERS = {Circumstance.WORKING_DAYS_ELAPSED, Circumstance.SUBJECTS_SINCE_JAN1, Circumstance.SENSITIVE}  # counted, not asked


class ApprovedBy(StrEnum):
    """Whose authority approved a tool: an approval serves its own law alone."""

    EU = "EU"
    UK = "UK"
    CH = "CH"


class ImpactStandard(StrEnum):
    """By which test an impact assessment was made: that of the EU and Switzerland, or one of the two of the UK."""

    TIA = "tia"
    TRA = "tra"
    DATA_PROTECTION_TEST = "data_protection_test"


class How(StrEnum):
    """In which way data reach a country: each may be a transfer of its own (EDPB Guidelines 05/2021)."""

    ESTABLISHED = "established"
    STORED = "stored"
    ACCESSED = "accessed"


class Authorisation(StrEnum):
    """How the controller authorises sub-processors (Art. 28(2))."""

    SPECIFIC = "specific"
    GENERAL = "general"


class Module(StrEnum):
    """The modules of the standard contractual clauses of (EU) 2021/914."""

    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"


class Rank(StrEnum):
    """Whether a safeguard is the one relied on, or sleeps beside it."""

    PRIMARY = "primary"
    FALLBACK = "fallback"


class SafeguardState(StrEnum):
    """Only a signed safeguard counts."""

    DRAFTED = "drafted"
    SIGNED = "signed"


class ListingStatus(StrEnum):
    """A party's standing on a framework's list, as the list words it."""

    ACTIVE = "active"
    ACTIVE_RECERT_REVIEW = "active_recert_review"
    INACTIVE_LAPSE = "inactive_lapse"
    INACTIVE_WITHDRAWN = "inactive_withdrawn"
    REMOVED = "removed"
    NONE = "none"


class ImpactOutcome(StrEnum):
    """What a transfer impact assessment found (EDPB Recommendations 01/2020, step 3)."""

    OK = "ok"
    PROBLEMATIC = "problematic"


class MeasuresOutcome(StrEnum):
    """Whether supplementary measures close the gap found (EDPB Recommendations 01/2020, Annex 2)."""

    NONE = "none"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"


class Frequency(StrEnum):
    """How often data are transferred ((EU) 2021/914, Annex I.B)."""

    ONE_OFF = "one_off"
    NOW_AND_THEN = "now_and_then"
    CONTINUOUS = "continuous"


class DataFormat(StrEnum):
    """In which form data are transferred (Clause 14(b)(i))."""

    CLEAR = "clear"
    PSEUDONYMISED = "pseudonymised"
    ENCRYPTED = "encrypted"


class EvidenceKind(StrEnum):
    """How strong the ground of an assurance is, weakest first."""

    STATEMENT = "statement"
    QUESTIONNAIRE = "questionnaire"
    CERTIFICATE = "certificate"
    AUDIT_REPORT = "audit_report"
    OWN_CONTROL = "own_control"


class NoticeKind(StrEnum):
    """What a vendor told us."""

    SUB_PROCESSOR_CHANGE = "sub_processor_change"
    CANNOT_PROTECT = "cannot_protect"
    BREACH = "breach"
    AUTHORITY_REQUEST = "authority_request"
    OTHER = "other"


class Standing(StrEnum):
    """What a decision says about a vendor's gate."""

    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    REFUSED = "refused"


class CaseKind(StrEnum):
    """Why a case is open."""

    REMEDIATION = "remediation"
    OBJECTION = "objection"
    EXIT = "exit"
    REQUEST = "request"


class AlertKind(StrEnum):
    """What somebody must hear about; each has its what, why and what-to-do in `templates/alerts`."""

    VERDICT_CHANGED = "verdict_changed"
    ONWARD_TRANSFER = "onward_transfer"
    ONWARD_MOVED = "onward_moved"
    ONWARD_UNCOVERED = "onward_uncovered"
    LISTING_ENDING = "listing_ending"
    SAFEGUARD_ENDING = "safeguard_ending"
    APPROVAL_ENDING = "approval_ending"
    REVIEW_DUE = "review_due"
    REVIEW_OVERDUE = "review_overdue"
    NOTICE_RECEIVED = "notice_received"
    PAST_CHANGED = "past_changed"
    LAW_PACK_CHANGED = "law_pack_changed"
    SIGNAL_KNOWN = "signal_known"
    SIGNAL_AHEAD = "signal_ahead"
    DOSSIER_MOVED = "dossier_moved"
    IMPACT_REVIEW_DUE = "impact_review_due"
    IMPACT_REVIEW_OVERDUE = "impact_review_overdue"
    LAW_UNVERIFIED = "law_unverified"


class Outcome(StrEnum):
    """What the law says about a leg on a day, worst first. Unknown is never lawful."""

    NOT_PERMITTED = "not_permitted"
    UNDETERMINED = "undetermined"
    MEASURES_REQUIRED = "measures_required"
    PERMITTED = "permitted"
    NO_TRANSFER = "no_transfer"

    __hash__ = str.__hash__  # it is looked up for each leg that is judged; the one of enumerations is slower


RANKING = {outcome: rank for rank, outcome in enumerate(Outcome)}
GOES_AHEAD = frozenset({Outcome.PERMITTED, Outcome.NO_TRANSFER})  # nothing more is needed
