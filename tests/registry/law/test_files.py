"""What the files of the law may hold: whatever is unsound is refused in a line that names file, place and way out."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from registry import law
from registry.law import changes, dossiers, files, packs, signals, supposing, verified
from registry.law.files import LawError, Roles
from registry.law.loader import decoded, fingerprint, parsed
from registry.law.unsound import FACTS, OF_COUNTRIES
from tests.law_files import ELSEWHERE as WHOLE
from tests.left_out import left_out, structs
from tests.support import environment

PACK = law.brought()
CITED = 'citation = "x"\ngrade = "M-l"\nverified_on = 2026-11-01\n'
SMALL = {  # enough of the law to put one more file to: read in no time
    **{f"law/{name}.toml": PACK.sources[f"law/{name}.toml"] for name in ("countries", "memberships", "policies")},
    **{
        f"law/instruments/{key}.toml": PACK.sources[f"law/instruments/{key}.toml"]
        for key in ("ch-fadp", "eu-adequacy-br", "eu-gdpr", "uk-gdpr")
    },
}
REGIMES = "CH_FADP, EU_GDPR, UK_GDPR"
WHERE = ": registry/law/README.md says what a file may hold"


NO_COUNTRY = 'countries = ["KE"]', "countries = []"


def fault(changed: Mapping[str, str]) -> str | None:
    """What is said of a small law with some of its files otherwise; None where nothing is unsound."""
    try:
        parsed({**SMALL, **{f"law/{name}": text.encode() for name, text in changed.items()}})
    except LawError as error:
        return str(error)
    return None


def with_event(what: str, day: str, more: str = "") -> str:
    return f'{WHOLE}\n[[events]]\nwhat = "{what}"\nknown = {day}\neffect = {day}\n{more}{CITED}'


def with_scope(says: str, whole: str = WHOLE) -> str:
    return f"{whole}\n[[scope]]\n{says}\n{CITED}"


def saying(line: str, whole: str = WHOLE) -> str:
    return whole.replace("\n[[events]]", f"{line}\n\n[[events]]", 1)


def territory(area: str, until: str) -> str:
    return f'{WHOLE}\n[[territory]]\narea = "{area}"\nsince = 2026-01-01\nuntil = {until}\n{CITED}'


def of_kind(kind: str) -> str:
    whole = WHOLE if kind in OF_COUNTRIES else WHOLE.replace(*NO_COUNTRY)
    return whole.replace('kind = "adequacy"', f'kind = "{kind}"')


NO_MECHANISM = 'mechanism = "ADEQUACY"\n', ""
ASK_ONE = "give one of `is`, `is_not`, `none_of`, or `at_least` and `at_most`"
EMPTY, LATE = "`citation` is empty: say where it stands", "`until` is not after `since`: mend one of them"
UNSOUND = {
    "no place": (WHOLE.replace("House rule 1", " ", 1), EMPTY),
    "no name": (WHOLE.replace("A decision of our own on the United States", " "), "`title` is empty: say what it is called"),
    "no source": (WHOLE.replace("the house's own shelf", " "), "`source` is empty: say where to look it up again"),
    "no law": (WHOLE.replace('["EU_GDPR"]', "[]"), f"`regimes`: name some of {REGIMES}"),
    "a law of no country": (WHOLE.replace('["EU_GDPR"]', '["EU_GDPR", "XX"]'), f"`regimes`: name some of {REGIMES}"),
    "nothing happens": (
        saying("events = []", WHOLE).partition("\n[[events]]")[0],
        "no [[events]]: say at least when it came into force",
    ),
    "it never came into force": (
        WHOLE.replace('"in_force"', '"sunset"'),
        "no event `in_force`: say when it came into force, and when that became known",
    ),
    "no article": (
        WHOLE.replace('["EU_GDPR"]', '["UK_GDPR", "CH_FADP", "EU_GDPR"]'),
        "[articles] names no article for CH_FADP, UK_GDPR: name one",
    ),
    "no such country": (WHOLE.replace('"KE"', '"ZZ"'), "`countries`: 'ZZ' is no country code: use ISO 3166-1"),
    "no such exporter": (saying('exporters = ["ZZ"]'), "`exporters`: 'ZZ' is no country code: use ISO 3166-1"),
    "an event without its place": (
        WHOLE[::-1].replace("House rule 1"[::-1], " ", 1)[::-1],
        f"event in_force of 2021-03-01: {EMPTY}",
    ),
    "a day without a dispute": (
        with_event("sunset", "2022-01-01", "alternative = 2022-02-01\n"),
        "event sunset of 2022-01-01: `alternative` and `dispute` go together: give both",
    ),
    "a dispute without its day": (
        with_event("sunset", "2022-01-01", 'dispute = "x"\n'),
        "event sunset of 2022-01-01: `alternative` and `dispute` go together: give both",
    ),
    "an end before it began": (
        with_event("opened", "2020-01-01") + with_event("sunset", "2021-02-28")[len(WHOLE) :],
        "event sunset of 2021-02-28 lies before `in_force`: mend one of them",
    ),
    "a fact nobody records": (
        with_scope('fact = "weather"\nis = true'),
        f"[[scope]] on weather: no such fact: there are {', '.join(sorted(FACTS))}",
    ),
    "nothing asked": (with_scope('fact = "lgpd"'), f"[[scope]] on lgpd: {ASK_ONE}"),
    "two things asked": (with_scope('fact = "lgpd"\nis = true\nis_not = false'), f"[[scope]] on lgpd: {ASK_ONE}"),
    "a number and a yes": (with_scope('fact = "lgpd"\nis = true\nat_most = 1'), f"[[scope]] on lgpd: {ASK_ONE}"),
    "no such policy": (
        with_scope('fact = "lgpd"\nis = true\npolicy = "nosuch"'),
        "[[scope]] on lgpd: no policy is called 'nosuch': put it into policies.toml",
    ),
    "no such data": (
        with_scope('fact = "data"\nnone_of = ["hr", "secrets"]'),
        "[[scope]] on data: `none_of` takes credit_fsc, hr, non_hr",
    ),
    "no such role": (
        with_scope('fact = "exporter_role"\nnone_of = ["importer"]'),
        "[[scope]] on exporter_role: `none_of` takes controller, processor",
    ),
    "no such recipient's country": (
        with_scope('fact = "country"\nnone_of = ["CN", "ZZ"]'),
        "[[scope]] on country: `none_of` takes ISO 3166-1 codes",
    ),
    "a yes that is a country": (
        with_scope('fact = "country"\nis = true'),
        "[[scope]] on country: `is` and `is_not` take what is answered by yes or no: use `none_of`",
    ),
    "words for a yes": (
        with_scope('fact = "lgpd"\nnone_of = ["yes"]'),
        "[[scope]] on lgpd: `none_of` takes no words here: use `is`",
    ),
    "a scope without its place": (
        with_scope('fact = "lgpd"\nis = true').replace('"x"', '" "'),
        f"[[scope]] on lgpd: {EMPTY}",
    ),
    "a scope that never holds": (
        with_scope('fact = "lgpd"\nis = true\nsince = 2026-01-01\nuntil = 2026-01-01'),
        f"[[scope]] on lgpd: {LATE}",
    ),
    "inside of nothing": (
        of_kind("inside").replace(*NO_COUNTRY),
        "neither `countries` nor a [[scope]]: say for which flows it holds",
    ),
    "a first list that is none": (
        saying('requires = "nosuch"'),
        "`requires`: no instrument is called 'nosuch': name the list that comes first",
    ),
    "clauses without roles": (of_kind("clauses"), "[roles] is missing: say which roles the clauses fit"),
    "another name": (WHOLE.replace("own-ke", "other"), "`key` is 'other', the file is named 'own-ke': make them the same"),
    **{
        f"{kind} of no country": (of_kind(kind).replace(*NO_COUNTRY), "`countries` is empty: name those it covers")
        for kind in ("adequacy", "framework")
    },
    **{
        f"{kind} by no name": (
            of_kind(kind).replace(*NO_MECHANISM),
            "`mechanism` is missing: say by which name it is relied on",
        )
        for kind in ("adequacy", "framework", "clauses", "tool", "derogation", "duty")
    },
    "a field there is not": (saying('colour = "red"'), f"Object contains unknown field `colour`{WHERE}"),
    "an event's field there is not": (
        with_event("sunset", "2022-01-01", "colour = 1\n"),
        f"Object contains unknown field `colour` - at `$.events[1]`{WHERE}",
    ),
    "a scope's field there is not": (
        with_scope('fact = "lgpd"\nis = true\ncolour = 1'),
        f"Object contains unknown field `colour` - at `$.scope[0]`{WHERE}",
    ),
    "a role's field there is not": (
        saying('roles = { M1 = { exporter = "any", importer = "any", colour = "red" } }', of_kind("clauses")),
        f"Object contains unknown field `colour` - at `$.roles[...]`{WHERE}",
    ),
    "a territory's field there is not": (
        f'{of_kind("regime")}\n[[territory]]\narea = "US"\nsince = 2026-01-01\ncolour = 1\n{CITED}',
        f"Object contains unknown field `colour` - at `$.territory[0]`{WHERE}",
    ),
    "a yes in quotation marks": (
        with_scope('fact = "lgpd"\nis = "true"'),
        f"Expected `bool | null`, got `str` - at `$.scope[0].is`{WHERE}",
    ),
    "a day in quotation marks": (
        WHOLE.replace("effect = 2021-03-01", 'effect = "2021-03-01"'),
        f"Expected `date`, got `str` - at `$.events[0].effect`{WHERE}",
    ),
    "a day that never was": (
        WHOLE.replace("effect = 2021-03-01", "effect = 2021-02-30"),
        f"Invalid date or datetime (at line 17, column 10){WHERE}",
    ),
    "limits of what is no number": (
        with_scope('fact = "data"\nat_least = 1'),
        "[[scope]] on data: `at_least` and `at_most` are asked of numbers: "
        "sensitive, subjects_since_jan1, working_days_elapsed",
    ),
    "limits the wrong way round": (
        with_scope('fact = "sensitive"\nat_least = 5\nat_most = 4'),
        "[[scope]] on sensitive: `at_least` is more than `at_most`: mend one of them",
    ),
    "a most below none": (
        with_scope('fact = "sensitive"\nat_most = -1'),
        "[[scope]] on sensitive: `at_least` is more than `at_most`: mend one of them",
    ),
    "a yes that is a word": (
        with_scope('fact = "data"\nis = true'),
        "[[scope]] on data: `is` and `is_not` take what is answered by yes or no: use `none_of`",
    ),
    "a no that is a number": (
        with_scope('fact = "sensitive"\nis_not = true'),
        "[[scope]] on sensitive: `is` and `is_not` take what is answered by yes or no: use `at_least` and `at_most`",
    ),
    "a policy of nobody": (saying('policy = "nosuch"'), "`policy`: no policy is called 'nosuch': put it into policies.toml"),
    "what requires itself": (
        saying('requires = "own-ke"'),
        "`requires`: 'own-ke' leads back to this one: name the list that comes first",
    ),
    **{
        f"the year 1899 as {field}": (
            with_event("sunset", "2022-01-01", more).replace(f"{field} = 2022-01-01", f"{field} = 1899-12-31"),
            f"event sunset of {'1899-12-31' if field == 'effect' else '2022-01-01'}: `{field}` lies before 1900-01-01: mend it",
        )
        for field, more in (
            ("known", ""),
            ("effect", ""),
            ("alternative", 'alternative = 2022-01-01\ndispute = "x"\n'),
        )
    },
    "a sign that no register keeps in an event": (
        WHOLE[::-1].replace("House rule 1"[::-1], "Rule \\u0096"[::-1], 1)[::-1],
        "'Rule \\x96' holds a sign that cannot be read: take it out",
    ),
    "a sign that no register keeps in an article": (
        WHOLE.replace('"45(1)"', f'"45\\u0000{"a" * 99}"'),
        f"'45\\x00{'a' * 57}' holds a sign that cannot be read: take it out",
    ),
    "clauses of a country": (
        WHOLE.replace('kind = "adequacy"', 'kind = "clauses"'),
        "`countries` is asked of adequacy, framework, inside, rule alone: leave it out here",
    ),
    "a law of two codes": (
        of_kind("regime").replace('["EU_GDPR"]', '["KE_DPA", "UG_DPA"]').replace("EU_GDPR", "KE_DPA"),
        "`regimes`: a law has one code of its own: leave that one, and write another file for the other",
    ),
    "a code that no verdict holds": (
        of_kind("regime").replace("EU_GDPR", "K" * 99),
        f"`regimes`: '{'K' * 60}' is no code of a law: take at most 20 of capitals, digits and underscores",
    ),
    "a sign that no register keeps in a name": (
        saying('roles = { "M\\u0000" = { exporter = "any", importer = "any" } }', of_kind("clauses")),
        "'M\\x00' holds a sign that cannot be read: take it out",
    ),
    "a law of a country": (
        WHOLE.replace('kind = "adequacy"', 'kind = "regime"'),
        "`countries` is asked of adequacy, framework, inside, rule alone: leave it out here",
    ),
    "an article of no name": (
        WHOLE.replace('"45(1)"', '" "'),
        "[articles] EU_GDPR is empty: name one",
    ),
    "what is freed by no name": (
        saying('frees = ["NOSUCH", "ADEQUACY"]'),
        "`frees`: 'NOSUCH' is not known: there are ADEQUACY",
    ),
    "a test that nobody makes": (
        saying('standards = ["dpia"]'),
        "`standards`: 'dpia' is not known: there are data_protection_test, tia, tra",
    ),
    "approved by nobody": (saying('approved_by = "US"'), "`approved_by`: 'US' is not known: there are CH, EU, UK"),
    **{
        f"{field} is nowhere": (
            saying(f'{field} = "Mars"'),
            f"`{field}`: 'Mars' is no country code and no area: name EEA, EFTA, EU or a country",
        )
        for field in ("area", "targets")
    },
    "a territory without its place": (
        territory("EU", "2027-01-01").replace('"x"', '" "'),
        f"[[territory]] of EU: {EMPTY}",
    ),
    "a territory of old": (
        territory("EU", "2027-01-01").replace("since = 2026-01-01", "since = 1899-12-31"),
        "[[territory]] of EU: 1899-12-31 lies before 1900-01-01: mend it",
    ),
    **{
        f"a scope {field} in 1899": (
            with_scope(f'fact = "lgpd"\nis = true\n{field} = 1899-12-31'),
            "[[scope]] on lgpd: 1899-12-31 lies before 1900-01-01: mend it",
        )
        for field in ("since", "known", "until_known")
    },
    "a title that turns round": (
        WHOLE.replace('title = "', 'title = "\u202e'),
        "`title` holds a sign that cannot be read: take it out",
    ),
    "no area": (
        territory("NOWHERE", "2027-01-01"),
        "[[territory]]: `area`: 'NOWHERE' is no country code and no area: name EEA, EFTA, EU or a country",
    ),
    "an area of no day": (territory("EU", "2026-01-01"), f"[[territory]] of EU: {LATE}"),
    "an area from its end on": (territory("GB", "2025-01-01"), f"[[territory]] of GB: {LATE}"),
    "a key left out": (
        WHOLE.replace("known = 2021-03-01\n", ""),
        f"Object missing required field `known` - at `$.events[0]`{WHERE}",
    ),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_what_is_unsound_is_told_in_a_line_with_file_place_and_way_out(case: str) -> None:
    text, told = UNSOUND[case]
    assert fault({"own/own-ke.toml": text}) == f"own-ke.toml: {told}"


SECOND = WHOLE.replace("own-ke", "own-k2").replace("2021-03", "2026-01")
FIRST = "1900-01-01"
OF_KENYA = f'[[membership]]\ncountry = "KE"\narea = "EU"\nsince = 2026-01-01\nknown = 2026-01-01\n{CITED}'


def members(*more: str) -> dict[str, str]:
    return {"memberships.toml": "\n".join([PACK.sources["law/memberships.toml"].decode(), *more])}


def own(**files: str) -> dict[str, str]:
    return {f"own/{name}.toml": text for name, text in files.items()}


TOGETHER = {
    "a member of no country": (
        members(OF_KENYA.replace("KE", "ZZ")),
        "memberships.toml: ZZ in EU since 2026-01-01: no such country: use an ISO 3166-1 code",
    ),
    "a membership of no day": (
        members(OF_KENYA + "until = 2026-01-01\n"),
        f"memberships.toml: KE in EU since 2026-01-01: {LATE}",
    ),
    "a member twice": (
        members(OF_KENYA, OF_KENYA),
        "memberships.toml: KE in EU since 2026-01-01: overlaps the membership since 2026-01-01: end that one first",
    ),
    "a member that has not left": (
        members(OF_KENYA + "until = 2026-01-03\n", OF_KENYA.replace("since = 2026-01-01", "since = 2026-01-02")),
        "memberships.toml: KE in EU since 2026-01-02: overlaps the membership since 2026-01-01: end that one first",
    ),
    "a field of a membership there is not": (
        members(OF_KENYA + "colour = 1\n"),
        f"memberships.toml: Object contains unknown field `colour` - at `$[...][{len(PACK.memberships)}]`{WHERE}",
    ),
    "a field of the countries there is not": (
        {"countries.toml": 'colour = "red"\n' + PACK.sources["law/countries.toml"].decode()},
        f"countries.toml: Object contains unknown field `colour`{WHERE}",
    ),
    "no countries": ({"countries.toml": ""}, f"countries.toml: Object missing required field `codes`{WHERE}"),
    "a usual way that is none": (
        {"policies.toml": PACK.sources["law/policies.toml"].decode().replace('default = "warn"', 'default = "wran"', 1)},
        "policies.toml: art3_2_importer: `default` is none of its `choices`: mend one of them",
    ),
    "a decision too many": (
        own(**{"own-ke": with_event("sunset", "2026-01-02"), "own-k2": SECOND}),
        "own-k2.toml: overlaps own-ke for the same country: end that one with `superseded`",
    ),
    "lists that lead back through another one": (
        own(
            **{
                "own-ke": saying('requires = "own-k2"'),
                "own-k2": SECOND.replace("[[events]]", 'requires = "own-ke"\n\n[[events]]'),
            }
        ),
        "own-ke.toml: `requires`: 'own-k2' leads back to this one: name the list that comes first",
    ),
    "a circle is told by those in it": (
        own(
            **{
                "own-a": saying('requires = "own-ke"', WHOLE.replace("own-ke", "own-a").replace('"KE"', '"UG"')),
                "own-ke": saying('requires = "own-ke"'),
            }
        ),
        "own-ke.toml: `requires`: 'own-ke' leads back to this one: name the list that comes first",
    ),
    "a key that is none": (
        own(**{"Own ke": WHOLE.replace('key = "own-ke"', 'key = "Own ke"')}),
        "Own ke.toml: `key` is 'Own ke': take small letters, digits and hyphens",
    ),
    "a member without its place": (
        members(OF_KENYA.replace('"x"', '" "')),
        f"memberships.toml: KE in EU since 2026-01-01: {EMPTY}",
    ),
    **{
        f"a member {field} in 1899": (
            members(OF_KENYA.replace(f"{field} = 2026-01-01", f"{field} = 1899-12-31")),
            f"memberships.toml: KE in EU since {'1899-12-31' if field == 'since' else '2026-01-01'}: "
            "1899-12-31 lies before 1900-01-01: mend it",
        )
        for field in ("since", "known")
    },
    "a policy without its place": (
        {"policies.toml": re.sub('citation = "[^"]*"', 'citation = " "', PACK.sources["law/policies.toml"].decode(), count=1)},
        f"policies.toml: art3_2_importer: {EMPTY}",
    ),
    "a key without end": (
        own(**{"A" * 99: WHOLE.replace('key = "own-ke"', f'key = "{"A" * 99}"')}),
        f"{'A' * 99}.toml: `key` is '{'A' * 60}': take small letters, digits and hyphens",
    ),
    "a key that no verdict holds": (
        own(**{"a" * 81: WHOLE.replace("own-ke", "a" * 81)}),
        f"{'a' * 81}.toml: `key` is longer than 80 signs: shorten it, and the file's name",
    ),
    "an area's key": (
        own(eea=WHOLE.replace("own-ke", "eea")),
        "eea.toml: `key` is 'eea', which names an area: choose another one",
    ),
    "a sign that no register keeps in a membership": (
        members(OF_KENYA.replace('"x"', '"\\u001b"')),
        "memberships.toml or policies.toml: '\\x1b' holds a sign that cannot be read: take it out",
    ),
    "a key that is taken": (
        own(**{"eu-adequacy-br": PACK.sources["law/instruments/eu-adequacy-br.toml"].decode()}),
        "eu-adequacy-br.toml: the key 'eu-adequacy-br' is taken: choose another one",
    ),
    "a reading of no disputed day": (
        own(
            **{"own-ke": with_event("sunset", "2022-01-01", 'alternative = 2022-02-01\ndispute = "x"\n')},
            policy='readings = { "eu-gdpr in_force" = "alternative" }',
        ),
        "policy.toml: readings: 'eu-gdpr in_force' is no disputed day: there are eu-adequacy-br in_force, own-ke sunset",
    ),
    "a choice of no policy": (
        own(policy='policies = { nosuch = "block" }'),
        "policy.toml: policies: nosuch = 'block' is not known: there are "
        + ", ".join(f"{one.key} ({' | '.join(one.choices)})" for one in PACK.policies),
    ),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_files_that_do_not_go_together_are_told_in_a_line(case: str) -> None:
    changed, told = TOGETHER[case]
    assert fault(changed) == told


SOUND = {
    "as it is": own(**{"own-ke": WHOLE}),
    "a condition on a number": own(**{"own-ke": with_scope('fact = "sensitive"\nat_least = 1\nat_most = 3')}),
    "a role that is none of these": own(
        **{"own-ke": with_scope('fact = "exporter_role"\nnone_of = ["processor", "controller"]')}
    ),
    "a house's policy": own(**{"own-ke": with_scope('fact = "lgpd"\nis_not = true\npolicy = "hr_coverage"')}),
    "the first day of all law": own(**{"own-ke": WHOLE.replace("2021-03-01", "1900-01-01")}),
    "as many at least as at most": own(**{"own-ke": with_scope('fact = "sensitive"\nat_least = 3\nat_most = 3')}),
    "at least many": own(**{"own-ke": with_scope('fact = "sensitive"\nat_least = 1000000')}),
    "a first day that was put off": own(**{"own-ke": with_event("in_force", "2022-01-01")}),
    "the longest key": own(**{"a" * 80: WHOLE.replace("own-ke", "a" * 80)}),
    "the longest code of a law": own(**{"own-ke": of_kind("regime").replace("EU_GDPR", "K" * 20)}),
    "lines and tabs in a note": own(**{"own-ke": saying('note = "a\\tb\\nc"')}),
    "none of some countries": own(**{"own-ke": with_scope('fact = "country"\nnone_of = ["CN", "XO-EPO"]')}),
    "words that are known": own(
        **{
            "own-ke": saying(
                'frees = ["ADEQUACY"]\nstandards = ["tia", "tra"]\napproved_by = "CH"\narea = "CA-QC"\ntargets = "EEA"'
            )
        }
    ),
    "the first of 1900": own(
        **{"own-ke": with_scope(f'fact = "lgpd"\nis = true\nsince = {FIRST}\nknown = {FIRST}\nuntil_known = {FIRST}')}
    ),
    "an end on its first day": own(**{"own-ke": with_event("invalidated", "2021-03-01")}),
    "one decision after the other": own(**{"own-ke": with_event("sunset", "2026-01-01"), "own-k2": SECOND}),
    "the later decision first": own(**{"own-k2": SECOND, "own-ke": with_event("sunset", "2026-01-01")}),
    "a member that comes back on the day it leaves": members(
        OF_KENYA + "until = 2026-01-02\n", OF_KENYA.replace("since = 2026-01-01", "since = 2026-01-02")
    ),
    "inside of a country": own(**{"own-ke": of_kind("inside")}),
    "inside by a condition": own(**{"own-ke": with_scope('fact = "lgpd"\nis = true', of_kind("inside").replace(*NO_COUNTRY))}),
    "a rule by no name": own(**{"own-ke": of_kind("rule").replace(*NO_MECHANISM).replace(*NO_COUNTRY)}),
}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_sound_is_not_refused(case: str) -> None:
    assert fault(SOUND[case]) is None


def test_a_law_from_before_there_were_memberships_and_policies_is_read() -> None:
    names = ["law/countries.toml", "law/instruments/eu-gdpr.toml", "law/instruments/eu-adequacy-jp.toml"]
    found = parsed({name: PACK.sources[name] for name in names})
    assert (found.memberships, found.policies, found.chosen.policies) == ((), (), {})
    assert found.instruments.keys() == {"eu-gdpr", "eu-adequacy-jp"}


def test_a_fingerprint_is_made_as_it_always_was() -> None:
    """Registers keep fingerprints: made otherwise, no law that is kept would be found again."""
    said = hashlib.sha256(b"a.toml\0one\0b.toml\0two\0").hexdigest()
    assert fingerprint({"law/instruments/a.toml": b"one", "law/own/b.toml": b"two"}) == said


def test_what_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "own.toml").mkdir()
    with environment(ONWARD_LAW=str(folder)), pytest.raises(LawError) as refused:
        law.load()
    assert str(refused.value) == "own.toml: cannot be read: Is a directory: put a file there, or take it away"
    with environment(ONWARD_LAW=str(folder / "none")), pytest.raises(LawError) as refused:
        law.load()
    assert str(refused.value) == f"{folder}/none (ONWARD_LAW) is no folder: name the folder that holds your instruments"
    (folder / "x.toml").write_bytes(b"\xff")
    with pytest.raises(LawError, match=rf"^x\.toml: .*{WHERE}$"):
        decoded(folder / "x.toml", Roles)


@pytest.mark.parametrize("module", [files, signals, dossiers], ids=lambda module: module.__name__)
def test_what_a_file_leaves_out_is_no_or_nothing(module: ModuleType) -> None:
    for name, default, nothing in left_out(module):
        assert (default, type(default)) == (nothing, type(nothing)), name


def test_what_was_read_is_never_written_to() -> None:
    """A law is read once, and all that is asked of it shares what was read."""
    kinds = [
        kind for module in (law, changes, dossiers, files, packs, signals, supposing, verified) for kind in structs(module)
    ]
    assert [kind.__name__ for kind in kinds if not kind.__struct_config__.frozen] == []


def test_an_impact_assessment_is_asked_for_unless_a_module_says_otherwise() -> None:
    assert {name: one.impact_assessment for name, one in PACK.instruments["eu-scc-2021"].roles.items()} == {
        "M1": "always", "M2": "always", "M3": "always", "M4": "if_combined",
    }  # fmt: skip
