"""Country dossiers: what they say on a day, what moved since another, and what is refused."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from registry import law
from registry.law import dossiers
from registry.law.dossiers import Paragraph
from tests.support import environment

PACK = law.load()
US = dossiers.load(PACK)["US"]
ONE = timedelta(days=1)


@pytest.mark.parametrize("one", US.paragraphs, ids=lambda one: f"{one.number}-{one.known}")
def test_both_sides_of_every_paragraph(one: Paragraph) -> None:
    assert one not in US.on(one.known - ONE)
    assert one in US.on(one.known)
    assert one in US.moved(one.known - ONE, one.known)
    assert one not in US.moved(one.known, date.max)
    assert US.version(one.known) == f"US {one.known}"


def test_a_paragraph_of_a_number_takes_the_place_of_the_one_before() -> None:
    for day in US.versions:
        numbers = [one.number for one in US.on(day)]
        assert numbers == sorted(set(numbers))
    assert len(US.on(date.max)) == max(one.number for one in US.paragraphs)
    assert US.version(US.versions[0] - ONE) is None


def test_paragraphs_are_named_in_a_sentence() -> None:
    one, other = US.on(date.max)[:2]
    assert dossiers.called([one, other]) == f"paragraph 1 ({one.title}), paragraph 2 ({other.title})"


def test_the_united_states_says_what_the_law_notes_say() -> None:
    said = " ".join(f"{one.title} {one.text} {one.citation}" for one in US.on(date(2026, 11, 23)))
    for word in ("14086", "quorum", "Slaughter", "18 July 2023", "702", "C-703/25 P", "COM(2024) 451"):
        assert word in said, word


def test_moved_names_each_paragraph_once_as_it_reads_now() -> None:
    moved = US.moved(date(2025, 9, 3), date(2026, 11, 23))
    assert [one.number for one in moved] == [5, 6, 7]
    assert moved[0].known == date(2026, 6, 4)
    assert US.moved(date(2026, 7, 31), date(2026, 11, 23)) == ()


@pytest.mark.parametrize(
    ("version", "country", "numbers"),
    [
        ("US 2026-06-12", "US", [7]),
        ("US 2026-06-11", "US", [6, 7]),
        ("US 2026-07-31", "US", []),
        ("US 2026-06-12", "GB", []),  # of another country
        ("GB 2020-01-01", "GB", []),  # no dossier
        ("our own study", "US", []),
        ("US 2026-13-01", "US", []),
        ("", "US", []),
        (None, "US", []),
    ],
)
def test_what_moved_since_the_version_that_is_cited(version: str | None, country: str, numbers: list[int]) -> None:
    moved = dossiers.moved(dossiers.load(PACK), version, country, date(2026, 11, 23))
    assert [one.number for one in moved] == numbers


def test_what_was_not_known_yet_has_not_moved() -> None:
    found = [dossiers.moved({"US": US}, "US 2026-06-12", "US", day) for day in (date(2026, 6, 28), date(2026, 6, 29))]
    assert [[one.number for one in moved] for moved in found] == [[], [7]]


WHOLE = """
country = "IN"
[[paragraphs]]
number = 1
title = "A law"
text = "It says so."
known = 2026-01-01
citation = "Somewhere"
grade = "S3"
verified_on = 2026-01-02
"""
PLACE, WHERE = "paragraph 1 known 2026-01-01", ": registry/law/README.md says what a file may hold"
AGAIN = WHOLE + WHOLE[WHOLE.index("[[") :].replace("2026-01-01", "2026-02-01") + "withdrawn = true\n"


def own_dossier(folder: Path, text: str, name: str = "in.toml") -> dict[str, str]:
    own = folder / "own" / "dossiers"
    own.mkdir(parents=True)
    (own / name).write_text(text)
    return {"ONWARD_LAW": str(own.parent)}


def test_a_dossier_of_ones_own_and_a_paragraph_that_is_withdrawn(folder: Path) -> None:
    with environment(**own_dossier(folder, AGAIN)):
        one = dossiers.load(law.load())["IN"]
    assert [len(one.on(date(2026, month, day))) for month, day in ((1, 1), (1, 31), (2, 1))] == [1, 1, 0]
    assert [paragraph.number for paragraph in one.moved(date(2026, 1, 1), date(2026, 2, 1))] == [1]
    assert one.own


def test_an_empty_file_is_valid_and_no_dossier(folder: Path) -> None:
    with environment(**own_dossier(folder, 'country = "IN"\n')):
        assert "IN" not in dossiers.load(law.load())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE.replace('"IN"', '"XY"'), "`country`: 'XY' is no country code: use ISO 3166-1 alpha-2, such as US"),
        (WHOLE.replace('"IN"', '"BR"'), "`country` is 'BR': name the file br.toml"),
        *(
            (
                WHOLE.replace(text, " "),
                f"{PLACE}: `title`, `text` or `citation` is empty: say what it says, and where it stands",
            )
            for text in ("Somewhere", "A law", "It says so.")
        ),
        (WHOLE.replace("It says so.", "It\\u0000"), "'It\\x00' holds a sign that cannot be read: take it out"),
        (WHOLE.replace("number = 1", "number = 0"), "paragraph 0 known 2026-01-01: numbers begin with 1"),
        (WHOLE + WHOLE[WHOLE.index("[[") :], "two paragraphs of one number became known on one day: make them one"),
        (WHOLE + 'mood = "good"\n', f"Object contains unknown field `mood` - at `$.paragraphs[0]`{WHERE}"),
        ('colour = "red"\n' + WHOLE, f"Object contains unknown field `colour`{WHERE}"),
        (WHOLE.replace("known = 2026-01-01", ""), f"Object missing required field `known` - at `$.paragraphs[0]`{WHERE}"),
    ],
)
def test_an_unsound_dossier_is_refused_in_a_line_that_names_it(folder: Path, text: str, told: str) -> None:
    with environment(**own_dossier(folder, text)), pytest.raises(law.LawError) as error:
        dossiers.load(law.load())
    assert str(error.value) == f"in.toml: {told}"
