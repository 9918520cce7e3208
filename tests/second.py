"""Second, independent reading of law.md: the law as tables, one generic function over them.

Days are ISO strings in the tables ("" = since ever, OPEN = no end), both ends inclusive.
The comment at the end of a row names the section of law.md it was read from ("I" = instruments.tsv).
    python3 second.py cases.tsv
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

OPEN = "~"  # sorts after every ISO day
SNAPSHOT = "2026-11-22"  # title line: the default of known_at

Test = tuple[Any, ...]
# A test answers yes, no or unknown (None). The words of the little language, with k = fact key, v = values:
#   is k v..     one of v; unknown when k is missing       isnt k v..   none of v; missing counts as yes
#   doc k v..    one of v; missing counts as no (13.12)    has k v      v is a part of a "+" list
#   given k      the fact is there                         missing k    the fact is not there
#   unknown      law.md does not settle it
#   le/lt/ge a b compare two days (key or day)             min/max k n  compare a number
#   any / all    of the tests that follow

# ---------------------------------------------------------------------------------------------------- regimes
EU = "EU_DPD EU_GDPR"
EUROPE = "EU_DPD EU_GDPR UK_GDPR CH_FADP"

# regime, exporter's country ("*" = any other or not said), first day, last day, code outside (None = permitted)
REGIMES: list[tuple[str, str, str, str, str | None]] = [
    ("EU_DPD", "NO IS LI", "1998-10-24", "2018-07-19", "REGIME_NOT_APPLICABLE"),  # 13.16, 13.9
    ("EU_DPD", "*", "1998-10-24", "2018-05-24", "REGIME_NOT_APPLICABLE"),  # 13.16, 0.9
    ("EU_GDPR", "NO IS LI", "2018-07-20", OPEN, "REGIME_NOT_APPLICABLE"),  # 7, 13.9
    ("EU_GDPR", "GB", "2018-05-25", "2020-12-31", "REGIME_NOT_APPLICABLE"),  # 0.9
    ("EU_GDPR", "*", "2018-05-25", OPEN, "REGIME_NOT_APPLICABLE"),  # 0.9
    ("UK_GDPR", "*", "2021-01-01", OPEN, "REGIME_NOT_APPLICABLE"),  # 0.9
    ("CH_FADP", "*", "", OPEN, "REGIME_NOT_APPLICABLE"),  # 13.14: the old Act before, no first day given
    ("BR_LGPD", "*", "", OPEN, None),  # 6: no first day given
    ("CN_PIPL", "*", "", OPEN, None),  # 6: no first day given
    ("IN_DPDP", "*", "2027-05-13", OPEN, None),  # 6: 12, 13 or 14 May 2027
    ("JP_APPI", "*", "", OPEN, None),  # 6: no first day given
    ("KR_PIPA", "*", "", OPEN, None),  # 6: no first day given
    ("QC_LAW25", "*", "2023-09-22", OPEN, None),  # 6
    ("RU_152FZ", "*", "2023-03-01", OPEN, None),  # 6: 266-FZ
    ("TR_KVKK", "*", "", OPEN, None),  # 6: no first day given
    ("US_DSP", "*", "2025-04-08", OPEN, None),  # 6
]

# ------------------------------------------------------------------------------------------------- territories
ALIASES = {"EL": "GR", "UK": "GB"}  # 7

# area, places, first day, last day
AREAS: list[tuple[str, str, str, str]] = [
    ("EEA", "AT BE DE DK ES FI FR GR IE IT LU NL PT SE", "", OPEN),  # 7: all before the Directive
    ("EEA", "CY CZ EE HU LT LV MT PL SI SK", "2004-05-01", OPEN),  # 7
    ("EEA", "BG RO", "2007-01-01", OPEN),  # 7
    ("EEA", "HR", "2013-07-01", OPEN),  # 7
    ("EEA", "IS NO", "1994-01-01", OPEN),  # 7, 13.1
    ("EEA", "LI", "1995-05-01", OPEN),  # 7, 13.1
    ("EEA", "GB GI", "", "2020-01-31"),  # 7
    ("EEA", "AX GF GP MF MQ RE", "", OPEN),  # 7: parts of FI and FR
    ("EEA", "YT", "2014-01-01", OPEN),  # 13.10
    ("EEA", "BL", "", "2011-12-31"),  # 13.10
]
OUTSIDE = "PM NC PF WF TF GL AW CW SX BQ SJ SM VA MC XK AN KE CL CO GE TH TW"  # 7, 1, 13.18: third countries named there


class Window(NamedTuple):
    """One version of one instrument; the newest version known on known_at counts."""

    instrument: str
    regimes: str
    mechanism: str
    places: str
    known: str
    first: str
    last: str = OPEN
    end_code: str = ""  # code after the last day; empty when superseded or open: no known end (13.2)


WINDOWS: list[Window] = [
    # inside the area, or at home: no transfer
    Window("EEA", EU, "INSIDE", "EEA", "", ""),  # 13.1
    Window("TRANSITION", "EU_GDPR", "INSIDE", "GB GI", "", "2020-02-01", "2020-12-31", "EXPIRED"),  # 7, 13.10
    Window("BRIDGE", "EU_GDPR", "INSIDE", "GB", "2020-12-24", "2021-01-01", "2021-06-30", "EXPIRED"),  # 13.4
    Window("BRIDGE", "EU_GDPR", "INSIDE", "GB", "2021-06-28", "2021-01-01", "2021-06-27", "EXPIRED"),  # 13.4
    Window("HOME_GB", "UK_GDPR", "INSIDE", "GB", "", ""),  # 13.1
    Window("HOME_CH", "CH_FADP", "INSIDE", "CH", "", ""),  # 13.1
    Window("HOME_BR", "BR_LGPD", "INSIDE", "BR", "", ""),  # 13.1
    Window("HOME_CN", "CN_PIPL", "INSIDE", "CN", "", ""),  # 13.1
    Window("HOME_IN", "IN_DPDP", "INSIDE", "IN", "", ""),  # 13.1
    Window("HOME_JP", "JP_APPI", "INSIDE", "JP", "", ""),  # 13.1
    Window("HOME_KR", "KR_PIPA", "INSIDE", "KR", "", ""),  # 13.1
    Window("HOME_RU", "RU_152FZ", "INSIDE", "RU", "", ""),  # 13.1
    Window("HOME_TR", "TR_KVKK", "INSIDE", "TR", "", ""),  # 13.1
    Window("HOME_US", "US_DSP", "INSIDE", "US", "", ""),  # 13.1
    # EU adequacy
    Window("2000/518", EU, "ADEQUACY", "CH", "2000-07-26", "2000-07-26"),  # 1
    Window("2000/519", "EU_DPD", "ADEQUACY", "HU", "2000-07-26", "2000-07-26", "2004-04-30"),  # 1, 13.2
    Window("2002/2", EU, "ADEQUACY", "CA", "2001-12-20", "2002-01-04"),  # 1, 11
    Window("2003/490", EU, "ADEQUACY", "AR", "2003-06-30", "2003-06-30"),  # 1
    Window("2003/821", EU, "ADEQUACY", "GG", "2003-11-21", "2003-11-21"),  # 1
    Window("2004/411", EU, "ADEQUACY", "IM", "2004-04-28", "2004-04-28"),  # 1
    Window("2008/393", EU, "ADEQUACY", "JE", "2008-05-08", "2008-05-08"),  # 1
    Window("2010/146", EU, "ADEQUACY", "FO", "2010-03-05", "2010-03-05"),  # 1
    Window("2010/625", EU, "ADEQUACY", "AD", "2010-10-19", "2010-10-19"),  # 1
    Window("2011/61", EU, "ADEQUACY", "IL", "2011-01-31", "2011-01-31"),  # 1
    Window("2012/484", EU, "ADEQUACY", "UY", "2012-08-21", "2012-08-21"),  # 1
    Window("2013/65", EU, "ADEQUACY", "NZ", "2012-12-19", "2012-12-19"),  # 1
    Window("2019/419", "EU_GDPR", "ADEQUACY", "JP", "2019-01-23", "2019-01-23"),  # 1
    Window("2021/1772", "EU_GDPR", "ADEQUACY", "GB", "2021-06-28", "2021-06-28", "2025-06-27", "EXPIRED"),  # 1, 13.3
    Window("2021/1772", "EU_GDPR", "ADEQUACY", "GB", "2025-06-24", "2021-06-28", "2025-12-27", "EXPIRED"),  # 1, 13.3
    Window("2021/1772", "EU_GDPR", "ADEQUACY", "GB", "2025-12-19", "2021-06-28", "2031-12-27", "EXPIRED"),  # 1, 13.3
    Window("2022/254", "EU_GDPR", "ADEQUACY", "KR", "2021-12-17", "2021-12-17"),  # 1
    Window("2025/1382", "EU_GDPR", "ADEQUACY", "XO-EPO", "2025-07-15", "2025-07-18"),  # 1, 11
    Window("2026/179", "EU_GDPR", "ADEQUACY", "BR", "2026-01-26", "2026-01-26"),  # 1, 11, 13.3
    # other regimes' adequacy lists
    Window("SCH21", "UK_GDPR", "ADEQUACY", "EEA GI CH CA AR GG IM JE FO AD IL UY NZ JP", "", "2021-01-01"),  # 4, 13.15
    Window("SI2022/1213", "UK_GDPR", "ADEQUACY", "KR", "2022-12-19", "2022-12-19"),  # 4
    Window("DPO_ANNEX1", "CH_FADP", "ADEQUACY", "EEA AD AR CA FO GB GG GI IL IM JE MC NZ UY", "", ""),  # 5, 13.14
    Window("RES32/2026", "BR_LGPD", "ADEQUACY", "EEA", "2026-01-27", "2026-01-27"),  # 6, I
    Window("PIPC", "KR_PIPA", "ADEQUACY", "EEA", "2025-09-16", "2025-09-16"),  # 6
    Window("PPC_EEA", "JP_APPI", "ADEQUACY", "EEA", "2019-01-23", "2019-01-23"),  # 6
    Window("PPC_GB", "JP_APPI", "ADEQUACY", "GB", "2020-02-01", "2020-02-01"),  # 6
    Window("RKN", "RU_152FZ", "ADEQUACY", "*", "", ""),  # 6: the list itself is the fact rkn_list
    # frameworks for the United States
    Window("2000/520", EU, "SAFE_HARBOR", "*", "2000-07-26", "2000-07-26"),  # 1, 0.4
    Window("2000/520", EU, "SAFE_HARBOR", "*", "2015-10-06", "2000-07-26", "2015-10-05", "INVALIDATED"),  # 1, 0.2
    Window("2016/1250", EU, "PRIVACY_SHIELD", "*", "2016-07-12", "2016-07-12"),  # 1, 0.4
    Window("2016/1250", EU, "PRIVACY_SHIELD", "*", "2020-07-16", "2016-07-12", "2020-07-15", "INVALIDATED"),  # 1, 0.2
    Window("2023/1795", EU, "DPF", "*", "2023-07-10", "2023-07-10"),  # 1, 12
    Window("SI2023/1028", "UK_GDPR", "DPF_UK_EXT", "*", "2023-09-21", "2023-10-12"),  # 4
    Window("PS_CH", "CH_FADP", "PRIVACY_SHIELD_CH", "*", "2017-04-12", "2017-04-12"),  # 5
    Window("PS_CH", "CH_FADP", "PRIVACY_SHIELD_CH", "*", "2020-09-08", "2017-04-12", "2020-09-07", "INVALIDATED"),  # 5, 13.14
    Window("DPF_CH", "CH_FADP", "DPF_CH", "*", "2024-08-14", "2024-09-15"),  # 5
    # tools that rest on an approval or on a condition
    Window("BCR_C", EUROPE, "BCR_C", "*", "", ""),  # 3, 13.13
    Window("BCR_P", EUROPE, "BCR_P", "*", "", ""),  # 3, 13.13
    Window("COC", "EU_GDPR", "COC_46_2_e", "*", "", ""),  # 3, 12
    Window("CERT", "EU_GDPR", "CERT_46_2_f", "*", "", ""),  # 3, 12
    Window("ADHOC", "EU_GDPR", "ADHOC_46_3_a", "*", "", ""),  # 3, 12
    # other exporters
    Window("OWN_CLAUSES", "BR_LGPD", "OWN_CLAUSES", "*", "", ""),  # 6
    Window("OWN_CLAUSES", "BR_LGPD", "OWN_CLAUSES", "*", "2024-08-23", "", "2025-08-23", "EXPIRED"),  # 6
    Window("RES19/2024", "BR_LGPD", "ANPD_SCC", "*", "2024-08-23", "2024-08-23"),  # 6
    Window("CN_SC", "CN_PIPL", "CN_STANDARD_CONTRACT", "*", "2023-06-01", "2023-06-01"),  # 6
    Window("CN_EXEMPT", "CN_PIPL", "NONE", "*", "", ""),  # 6
    Window("IN_S16", "IN_DPDP", "NONE", "*", "", ""),  # 6: no country is restricted
    Window("QC_S17", "QC_LAW25", "NONE", "*", "", ""),  # 6
    Window("RU_NOTICE", "RU_152FZ", "NONE", "*", "", ""),  # 6
    Window("TR_CONSENT", "TR_KVKK", "EXPLICIT_CONSENT_ONLY", "*", "", ""),  # 6
    Window("TR_CONSENT", "TR_KVKK", "EXPLICIT_CONSENT_ONLY", "*", "2024-03-12", "", "2024-09-01", "EXPIRED"),  # 6, 0.2
    Window("TR_NONE", "TR_KVKK", "NONE", "*", "", ""),  # 6
    Window("DSP_VENDOR", "US_DSP", "VENDOR_AGREEMENT", "*", "", ""),  # 6
    Window("DSP_BROKER", "US_DSP", "DATA_BROKERAGE", "*", "", ""),  # 6
    Window("DSP_NONE", "US_DSP", "NONE", "*", "", ""),  # 6
]

# ------------------------------------------------------------------------------- contracts on standard clauses
# regimes, set, known from, first day (use and conclusion)
CLAUSES: list[tuple[str, str, str, str]] = [
    (EUROPE, "SCC_2001_C2C", "2001-06-15", "2001-09-03"),  # 2, 13.7
    (EUROPE, "SCC_2004_C2C", "2004-12-27", "2005-04-01"),  # 2, 13.7
    (EUROPE, "SCC_2002_C2P", "2001-12-27", "2002-04-03"),  # 2, 13.7
    (EUROPE, "SCC_2010_C2P", "2010-02-05", "2010-05-15"),  # 2, 13.7
    *[("EU_GDPR", f"SCC_2021_M{module}", "2021-06-04", "2021-06-27") for module in "1234"],  # 2
    *[("CH_FADP", f"SCC_2021_M{module}", "2021-08-27", "2021-08-27") for module in "1234"],  # 5
    ("UK_GDPR", "IDTA", "2022-02-02", "2022-03-21"),  # 4
    ("UK_GDPR", "UK_ADDENDUM", "2022-02-02", "2022-03-21"),  # 4
]
SETS_2021 = "SCC_2001_C2C SCC_2004_C2C SCC_2010_C2P"
# regimes, sets, known from, last day for new contracts, first day on which a change of processing counts
REPEALS: list[tuple[str, str, str, str, str]] = [
    (EU, SETS_2021, "2021-06-04", "2021-09-26", "2021-09-27"),  # 2, 13.6
    ("UK_GDPR", SETS_2021, "2022-02-02", "2022-09-21", "2022-09-22"),  # 4, 13.6
    ("CH_FADP", SETS_2021, "2021-08-27", "2021-09-26", "2021-09-27"),  # 5, 13.6
    (EUROPE, "SCC_2002_C2P", "2010-02-05", "2010-05-14", "2010-05-15"),  # 2, 13.6
]
# regimes, sets, known from, last day of use
ENDS: list[tuple[str, str, str, str]] = [
    (EU, SETS_2021, "2021-06-04", "2022-12-27"),  # 2, 11
    ("UK_GDPR", SETS_2021 + " SCC_2002_C2P", "2022-02-02", "2024-03-21"),  # 4, 11, 12
    ("CH_FADP", SETS_2021 + " SCC_2002_C2P", "2021-08-27", "2022-12-31"),  # 5, 12
]
# set, exporter's role, importer's role
ROLES: list[tuple[str, str, str]] = [
    ("SCC_2001_C2C", "controller", "controller"),  # 2
    ("SCC_2004_C2C", "controller", "controller"),  # 2
    ("SCC_2002_C2P", "controller", "processor"),  # 2
    ("SCC_2010_C2P", "controller", "processor"),  # 2
    ("SCC_2021_M1", "controller", "controller"),  # 2
    ("SCC_2021_M2", "controller", "processor"),  # 2
    ("SCC_2021_M3", "processor", "processor"),  # 2
    ("SCC_2021_M4", "processor", "controller"),  # 2
]
# regimes, first as-of day on which an assessment is asked for
TIA_GATES: list[tuple[str, str]] = [
    ("EU_DPD EU_GDPR UK_GDPR", "2020-07-16"),  # 13.5
    ("CH_FADP", "2020-09-08"),  # 13.5
]
TIA_TOOLS = (
    "SCC_2001_C2C SCC_2004_C2C SCC_2002_C2P SCC_2010_C2P SCC_2021_M1 SCC_2021_M2 SCC_2021_M3 IDTA UK_ADDENDUM"
    " BCR_C BCR_P COC_46_2_e CERT_46_2_f ADHOC_46_3_a"
)  # 12
TIA_IF_COMBINED = "SCC_2021_M4"  # 2, 13.12

# mechanism, the listings that it needs, whether `covered` is asked for
FRAMEWORKS: list[tuple[str, str, bool]] = [
    ("SAFE_HARBOR", "safe_harbor", False),  # 12, 13.12
    ("PRIVACY_SHIELD", "ps", True),  # 12
    ("DPF", "dpf_eu", True),  # 12
    ("DPF_UK_EXT", "dpf_eu uk_ext", True),  # 4, 12
    ("PRIVACY_SHIELD_CH", "ps_ch", True),  # 12
    ("DPF_CH", "dpf_ch", True),  # 12
]
FRAMEWORK_PLACES = "US"  # 1

# letter, closed to public authorities, only occasional, conditions that must be yes
DEROGATIONS: list[tuple[str, bool, bool, str]] = [
    ("DEROGATION_49_1_a", True, False, "consent_explicit informed_of_risks"),  # 3, 13.11
    ("DEROGATION_49_1_b", True, True, "necessary"),  # 3, 13.11
    ("DEROGATION_49_1_c", True, True, "necessary"),  # 3, 13.11
    ("DEROGATION_49_1_d", False, False, "necessary"),  # 3
    ("DEROGATION_49_1_e", False, True, "necessary"),  # 3, 13.11
    ("DEROGATION_49_1_f", False, False, "necessary"),  # 3
    ("DEROGATION_49_1_g", False, False, "public_register"),  # 3
    ("COMPELLING_LI", True, False, "necessary limited_subjects assessed safeguards subject_informed sa_notified"),  # 3, 13.11
]

# ------------------------------------------------------------------------------------------------------ checks
# what a missing fact counts as where it is "the ordinary case"; all other missing facts are unknown
DEFAULTS = {
    "exporter_role": "controller",
    "data": "non_hr",
    "purpose": "ordinary",
    "processing_changed": "no",  # 13.12
    "exporter": "ordinary",
    "combined_with_eu_data": "yes",  # 13.12: asked for in Module 4 only, where it is yes
    "approved_by": "EU",  # 13.13
}
SAME_FACT = {"tra": "tia"}  # 12
FALL_BACK = {"NONE": ("ADEQUACY", "NO_MECHANISM")}  # 12: what holds by itself still counts

PRIORITY = [  # 12, end
    "REGIME_NOT_APPLICABLE",
    "PROHIBITED",
    "NOT_IN_FORCE",
    "INVALIDATED",
    "EXPIRED",
    "SCC_REPEALED",
    "SCC_EXPIRED",
    "SCC_CHANGED",
    "WRONG_FRAMEWORK",
    "NOT_LISTED",
    "CERT_EXPIRED",
    "NO_ADEQUACY",
    "OUT_OF_SCOPE",
    "DATA_NOT_COVERED",
    "MODULE_MISMATCH",
    "NOT_APPROVED",
    "PUBLIC_AUTHORITY",
    "NOT_OCCASIONAL",
    "THRESHOLD",
    "CONDITION_MISSING",
    "TIA_MISSING",
    "MEASURES_INEFFECTIVE",
    "NO_MECHANISM",
    "REGIME_NOT_MODELLED",
]
DATE_CODES = PRIORITY[2:8]

# regimes under which a flow is no restricted transfer when the test holds
NO_TRANSFER: list[tuple[str, Test]] = [
    ("UK_GDPR", ("is", "returning_to_own_controller", "yes")),  # 4
]

_IMMIGRATION: Test = ("isnt", "purpose", "immigration_control", "immigration")
_CN_SMALL: Test = ("all", ("is", "ciio", "no"), ("max", "subjects_since_jan1", 99_999), ("max", "sensitive", 0))
_CN_MEDIUM: Test = ("all", ("is", "ciio", "no"), ("max", "subjects_since_jan1", 1_000_000), ("max", "sensitive", 9_999))
_CN_EXEMPT: Test = (
    "any",
    ("lt", "as_of", "2024-03-22"),
    _CN_SMALL,
    ("is", "purpose", "contract_necessity", "hr_management", "emergency", "transit"),
)
_DSP_FREE: Test = (
    "any",
    ("is", "bulk", "no"),
    ("all", ("isnt", "country", "CN", "HK", "MO", "RU", "IR", "KP", "CU", "VE"), ("is", "covered_person", "no")),
)

# regimes, mechanisms, places, code when the test fails, test
CHECKS: list[tuple[str, str, str, str, Test]] = [
    # scope of the adequacy decisions
    (EUROPE, "ADEQUACY", "CA", "OUT_OF_SCOPE", ("is", "pipeda", "yes")),  # 1, 4, 5
    ("EU_DPD EU_GDPR UK_GDPR", "ADEQUACY", "IL", "OUT_OF_SCOPE", ("is", "automated", "yes")),  # 1, 4
    ("EU_GDPR UK_GDPR", "ADEQUACY", "JP", "OUT_OF_SCOPE", ("is", "appi_operator", "yes")),  # 1, 4
    (
        "EU_GDPR UK_GDPR",
        "ADEQUACY",
        "JP",
        "OUT_OF_SCOPE",
        ("isnt", "purpose", "press", "writing", "academic", "religious", "political"),
    ),  # 1
    ("EU_GDPR UK_GDPR", "ADEQUACY", "KR", "OUT_OF_SCOPE", ("is", "pipa", "yes")),  # 1, 4
    ("EU_GDPR", "ADEQUACY", "KR", "OUT_OF_SCOPE", ("isnt", "data", "credit_fsc")),  # 1, 12
    ("EU_GDPR", "ADEQUACY", "KR", "OUT_OF_SCOPE", ("isnt", "purpose", "religious_mission", "political_party")),  # 1
    ("EU_GDPR", "ADEQUACY", "BR", "OUT_OF_SCOPE", ("is", "lgpd", "yes")),  # 1
    (
        "EU_GDPR",
        "ADEQUACY",
        "BR",
        "OUT_OF_SCOPE",
        ("isnt", "purpose", "public_security", "defence", "criminal_investigation"),
    ),  # 1
    (
        "EU_GDPR",
        "ADEQUACY",
        "GB",
        "OUT_OF_SCOPE",
        ("any", ("all", ("ge", "as_of", "2025-12-19"), ("ge", "known_at", "2025-12-19")), _IMMIGRATION),
    ),  # 1, 11
    ("KR_PIPA", "ADEQUACY", "*", "OUT_OF_SCOPE", ("isnt", "data", "credit_fsc", "rrn")),  # 6
    ("CH_FADP", "ADEQUACY", "*", "NOT_IN_FORCE", ("any", ("ge", "as_of", "2023-09-01"), ("unknown",))),  # 5, 13.14
    ("UK_GDPR", "DPF_UK_EXT", "*", "OUT_OF_SCOPE", ("isnt", "purpose", "journalism", "press")),  # 4
    # approvals, codes, certificates, Swiss adaptations
    (EUROPE, "BCR_C BCR_P COC_46_2_e CERT_46_2_f", "*", "NOT_APPROVED", ("le", "approved", "as_of")),  # 3, 12
    ("EU_GDPR", "ADHOC_46_3_a", "*", "NOT_APPROVED", ("le", "authorised", "as_of")),  # 3, 12
    (EU, "BCR_C BCR_P", "*", "NOT_APPROVED", ("is", "approved_by", "EU")),  # 13.13
    ("UK_GDPR", "BCR_C BCR_P", "*", "NOT_APPROVED", ("is", "approved_by", "UK", "GB")),  # 13.13
    ("CH_FADP", "BCR_C BCR_P", "*", "NOT_APPROVED", ("is", "approved_by", "CH")),  # 13.13
    (EUROPE, "BCR_C BCR_P", "*", "OUT_OF_SCOPE", ("is", "in_group", "yes")),  # 3
    (EUROPE, "BCR_C", "*", "OUT_OF_SCOPE", ("is", "exporter_role", "controller")),  # 13.13
    (EUROPE, "BCR_P", "*", "OUT_OF_SCOPE", ("is", "role", "processor")),  # 13.13
    ("EU_GDPR", "COC_46_2_e CERT_46_2_f", "*", "CONDITION_MISSING", ("is", "commitments", "yes")),  # 3, 12
    (
        "CH_FADP",
        "SCC_2021_M1 SCC_2021_M2 SCC_2021_M3 SCC_2021_M4",
        "*",
        "CONDITION_MISSING",
        ("is", "ch_amended", "yes"),
    ),  # 5, 12
    # Art. 49: what the table of letters does not say
    ("EU_GDPR", "DEROGATION_49_1_g", "*", "CONDITION_MISSING", ("is", "whole_register", "no")),  # 3
    ("EU_GDPR", "COMPELLING_LI", "*", "CONDITION_MISSING", ("is", "repetitive", "no")),  # 3
    ("EU_GDPR", "COMPELLING_LI", "*", "CONDITION_MISSING", ("is", "exporter_role", "controller")),  # 13.11
    # points that law.md leaves open
    (
        EUROPE,
        "SCC_2002_C2P",
        "*",
        "SCC_EXPIRED",
        ("any", ("lt", "as_of", "2021-09-27"), ("lt", "known_at", "2021-06-04"), ("unknown",)),
    ),  # 2, 11
    (EUROPE, "*", "AN", "REGIME_NOT_MODELLED", ("any", ("ge", "as_of", "2010-10-10"), ("unknown",))),  # 13.18
    # other exporters
    ("CN_PIPL", "NONE", "*", "THRESHOLD", _CN_EXEMPT),  # 6
    ("CN_PIPL", "CN_STANDARD_CONTRACT", "*", "THRESHOLD", ("any", _CN_EXEMPT, _CN_MEDIUM)),  # 6
    ("CN_PIPL", "CN_STANDARD_CONTRACT", "*", "CONDITION_MISSING", ("any", _CN_EXEMPT, ("is", "filed", "yes"))),  # 6
    (
        "CN_PIPL",
        "NONE CN_STANDARD_CONTRACT",
        "*",
        "REGIME_NOT_MODELLED",
        ("any", ("ge", "as_of", "2024-03-22"), ("unknown",)),
    ),  # 6: the older thresholds are not given
    ("QC_LAW25", "NONE", "*", "CONDITION_MISSING", ("doc", "pia", "yes")),  # 6, 13.12
    ("QC_LAW25", "NONE", "*", "CONDITION_MISSING", ("doc", "written_agreement", "yes")),  # 6, 13.12
    ("RU_152FZ", "ADEQUACY", "*", "NO_ADEQUACY", ("is", "rkn_list", "adequate")),  # 6
    ("RU_152FZ", "ADEQUACY NONE", "*", "CONDITION_MISSING", ("is", "rkn_notified", "yes")),  # 6
    (
        "RU_152FZ",
        "NONE",
        "*",
        "CONDITION_MISSING",
        ("any", ("is", "rkn_list", "adequate"), ("min", "working_days_elapsed", 10)),
    ),  # 6
    ("TR_KVKK", "NONE", "*", "NO_MECHANISM", ("lt", "as_of", "2024-06-01")),  # 6, 12
    ("TR_KVKK", "NONE", "*", "REGIME_NOT_MODELLED", ("any", ("ge", "as_of", "2024-06-01"), ("unknown",))),  # 6
    ("US_DSP", "DATA_BROKERAGE", "*", "PROHIBITED", _DSP_FREE),  # 6
    ("US_DSP", "VENDOR_AGREEMENT NONE", "*", "PROHIBITED", ("any", _DSP_FREE, ("isnt", "data", "omic"))),  # 6
    ("US_DSP", "VENDOR_AGREEMENT", "*", "CONDITION_MISSING", ("any", _DSP_FREE, ("is", "cisa_requirements", "yes"))),  # 6
    ("US_DSP", "NONE", "*", "NO_MECHANISM", _DSP_FREE),  # 6, 12
]
# regimes, mechanisms, test: the tool is valid but no measure is recorded yet
OPEN_MEASURES: list[tuple[str, str, Test]] = []


def _unfold() -> None:
    """Write the short tables above out as windows and checks. No law is added here."""
    for regimes, name, known, first in CLAUSES:
        own = f"{regimes}:{name}"
        WINDOWS.append(Window(own, regimes, name, "*", known, first))
        for e_regimes, names, e_known, last in ENDS:
            if name in names.split():
                WINDOWS.append(Window(own, e_regimes, name, "*", e_known, first, last, "SCC_EXPIRED"))
        for r_regimes, names, r_known, last_new, changes in REPEALS:
            if name in names.split():
                quiet: Test = ("lt", "known_at", r_known)
                kept: Test = (
                    "all",
                    ("given", "changed_on"),
                    ("any", ("lt", "as_of", "changed_on"), ("le", "changed_on", changes)),
                )
                CHECKS.append(
                    (
                        r_regimes,
                        name,
                        "*",
                        "SCC_REPEALED",
                        ("any", quiet, ("le", "as_of", last_new), ("le", "concluded", last_new)),
                    )
                )
                CHECKS.append(
                    (
                        r_regimes,
                        name,
                        "*",
                        "SCC_CHANGED",
                        ("any", quiet, ("lt", "as_of", changes), ("isnt", "processing_changed", "yes"), kept),
                    )
                )
        CHECKS.append((regimes, name, "*", "NOT_IN_FORCE", ("all", ("ge", "concluded", first), ("le", "concluded", "as_of"))))
    for name, exporter, importer in ROLES:
        CHECKS.append(
            (EUROPE, name, "*", "MODULE_MISMATCH", ("all", ("is", "exporter_role", exporter), ("is", "role", importer)))
        )
    for regimes, gate in TIA_GATES:
        for tools, spared in ((TIA_TOOLS, ("any",)), (TIA_IF_COMBINED, ("is", "combined_with_eu_data", "no"))):
            before: Test = ("any", ("lt", "as_of", gate), spared)
            CHECKS.append((regimes, tools, "*", "TIA_MISSING", ("any", before, ("doc", "tia", "ok", "problematic"))))
            CHECKS.append(
                (
                    regimes,
                    tools,
                    "*",
                    "MEASURES_INEFFECTIVE",
                    ("any", before, ("isnt", "tia", "problematic"), ("isnt", "measures", "ineffective")),
                )
            )
            OPEN_MEASURES.append(
                (regimes, tools, ("any", before, ("isnt", "tia", "problematic"), ("doc", "measures", "effective")))
            )
    for name, listings, asks_covered in FRAMEWORKS:
        CHECKS.append((EUROPE, name, "*", "NO_ADEQUACY", ("is", "country", *FRAMEWORK_PLACES.split())))
        for key in listings.split():
            CHECKS.append((EUROPE, name, "*", "NOT_LISTED", ("is", key, "active", "active_recert_review")))
            CHECKS.append(
                (
                    EUROPE,
                    name,
                    "*",
                    "CERT_EXPIRED",
                    ("any", ("missing", "next_due"), ("le", "as_of", "next_due"), ("is", key, "active_recert_review")),
                )
            )
        if asks_covered:
            CHECKS.append(
                (
                    EUROPE,
                    name,
                    "*",
                    "DATA_NOT_COVERED",
                    (
                        "any",
                        ("all", ("is", "data", "hr"), ("has", "covered", "hr")),
                        ("all", ("isnt", "data", "hr"), ("has", "covered", "non_hr")),
                    ),
                )
            )
    for name, closed, occasional, conditions in DEROGATIONS:
        WINDOWS.append(Window(name, "EU_GDPR", name, "*", "", ""))
        if closed:
            CHECKS.append(("EU_GDPR", name, "*", "PUBLIC_AUTHORITY", ("isnt", "exporter", "public_authority")))
        if occasional:
            CHECKS.append(("EU_GDPR", name, "*", "NOT_OCCASIONAL", ("is", "occasional", "yes")))
        for key in conditions.split():
            CHECKS.append(("EU_GDPR", name, "*", "CONDITION_MISSING", ("is", key, "yes")))


# --------------------------------------------------------------------------------------------------- evaluator
def holds(test: Test, env: dict[str, str]) -> bool | None:
    """Answer one test: yes, no, or None for unknown."""
    word: str = test[0]
    rest = test[1:]
    if word in ("any", "all"):
        answers = [holds(part, env) for part in rest]
        decisive = word == "any"
        return decisive if decisive in answers else None if None in answers else not decisive
    if word == "unknown":
        return None
    if word in ("given", "missing"):
        return (rest[0] in env) == (word == "given")
    if rest[0] not in env:
        return {"isnt": True, "doc": False}.get(word)
    value = env[rest[0]]
    if word in ("min", "max"):
        bound: int = rest[1]
        return int(value) >= bound if word == "min" else int(value) <= bound
    if word in ("le", "lt", "ge"):
        other = env.get(rest[1], str(rest[1]))  # a fact, else the day itself
        return {"le": value <= other, "lt": value < other, "ge": value >= other}[word]
    if word == "has":
        return rest[1] in value.split("+")
    return (value in rest[1:]) == (word != "isnt")


def covers(places: str, country: str, day: str) -> bool:
    """True when the places, with their areas as of that day, hold the country."""
    names = places.split()
    return (
        "*" in names
        or country in names
        or any(area in names and country in members.split() and first <= day <= last for area, members, first, last in AREAS)
    )


def evaluate(
    regime: str,
    country: str,
    attributes: dict[str, str],
    mechanism: str,
    mechanism_facts: dict[str, str],
    facts: dict[str, str],
    as_of: date,
    known_at: date,
) -> tuple[str, str | None]:
    """Return (verdict, reason code or None)."""
    day, known, country = as_of.isoformat(), known_at.isoformat(), ALIASES.get(country, country)
    said = {SAME_FACT.get(key, key): value for key, value in {**attributes, **facts, **mechanism_facts}.items()}
    env = {**DEFAULTS, **said, "country": country, "as_of": day, "known_at": known}

    def named(words: str, wanted: str) -> bool:
        return "*" in words.split() or wanted in words.split()

    def versions(name: str) -> list[Window]:
        rows = [w for w in WINDOWS if named(w.regimes, regime) and w.mechanism == name and w.known <= known]
        rows = [w for w in rows if covers(w.places, country, day)]
        return list({w.instrument: w for w in sorted(rows, key=lambda w: w.known)}.values())

    def live(rows: list[Window]) -> list[Window]:
        return [w for w in rows if w.first <= day <= w.last]

    eras = [r for r in REGIMES if r[0] == regime and named(r[1], env.get("exporter_country", "*"))]
    if not eras:
        return "undetermined", "REGIME_NOT_MODELLED"
    _, _, first, last, outside = eras[0]
    if not first <= day <= last:
        return ("not_permitted" if outside else "permitted"), outside
    if live(versions("INSIDE")) or any(named(r, regime) and holds(test, env) for r, test in NO_TRANSFER):
        return "no_transfer", None

    fixed_code = None
    if mechanism in FALL_BACK and not versions(mechanism):
        mechanism, fixed_code = FALL_BACK[mechanism]
    failed: list[str] = []
    open_: list[str] = []
    for regimes, names, places, code, test in CHECKS:
        if named(regimes, regime) and named(names, mechanism) and covers(places, country, day):
            answer = holds(test, env)
            if answer is not True:
                (open_ if answer is None else failed).append(code)
    rows = versions(mechanism)
    all_rows = [w for w in WINDOWS if named(w.regimes, regime) and w.mechanism == mechanism]
    if not all_rows:
        failed.append("WRONG_FRAMEWORK")
    elif not any(covers(w.places, country, day) for w in all_rows):
        failed.append("NO_ADEQUACY")
    elif not live(rows):
        failed.append(next((w.end_code for w in rows if w.last < day), "") or "NOT_IN_FORCE")

    if failed:
        return "not_permitted", fixed_code or min(failed, key=PRIORITY.index)
    if open_:  # the date codes share one rank here: the first check that is open speaks
        return "undetermined", fixed_code or min(open_, key=lambda c: PRIORITY.index(DATE_CODES[0] if c in DATE_CODES else c))
    if any(named(r, regime) and named(names, mechanism) and not holds(test, env) for r, names, test in OPEN_MEASURES):
        return "permitted_with_supplementary_measures_required", None
    ends = [w.last for w in live(rows) if w.end_code]
    if mechanism in [name for name, _, _ in FRAMEWORKS] and day <= env.get("next_due", ""):
        ends.append(env["next_due"])
    return (f"permitted_until({min(ends)})" if ends else "permitted"), None


# ------------------------------------------------------------------------------------------------- for the grid
def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split()
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _words(part)


def days() -> list[date]:
    """Every day that stands in a table."""
    tables = [REGIMES, AREAS, list(WINDOWS), CLAUSES, REPEALS, ENDS, TIA_GATES, CHECKS, OPEN_MEASURES]
    return sorted({date.fromisoformat(w) for w in _words(tables) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", w)})


def countries() -> list[str]:
    """Every country, territory or organisation that stands in a table."""
    named_places = [AREAS, [w.places for w in WINDOWS], [row[2] for row in CHECKS], FRAMEWORK_PLACES, OUTSIDE, _DSP_FREE]
    return sorted({w for w in _words(named_places) if re.fullmatch(r"[A-Z]{2}|XO-[A-Z]+", w)})


def mechanisms() -> list[str]:
    """Every mechanism key, NONE included."""
    return sorted({w.mechanism for w in WINDOWS} - {"INSIDE"})


# ---------------------------------------------------------------------------------------------------- case file
def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";") if part)


def main(path: str) -> int:
    """Check the worked cases; print each one that differs."""
    with open(path, encoding="utf-8", newline="") as handle:
        cases = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    passed = 0
    for case in cases:
        name, _, own = case["mechanism"].rstrip(")").partition("(")
        facts = _pairs(case["extra_facts"])
        known = date.fromisoformat(facts.pop("known_at", SNAPSHOT))
        verdict, code = evaluate(
            case["regime"],
            case["importer_country"],
            _pairs(case["importer_attributes"]),
            name,
            _pairs(own),
            facts,
            date.fromisoformat(case["as_of"]),
            known,
        )
        wanted = re.match(r"\[(\w+)\]", case["reason"])
        met = verdict == case["expected_verdict"] or (verdict, case["expected_verdict"]) == ("undetermined", "not_permitted")
        if met and (wanted is None or wanted.group(1) == code):
            passed += 1
        else:
            print(case["case_id"], "expected", case["expected_verdict"], wanted and wanted.group(1), "got", verdict, code)
    print(f"{passed} of {len(cases)} cases passed")
    return 0 if passed == len(cases) else 1


_unfold()
if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
