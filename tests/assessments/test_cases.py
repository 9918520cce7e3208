"""Worked cases of the law, written by somebody who did not see the rules: in memory, and through a register."""

from pathlib import Path

import pytest

from assessments.cases import read_cases
from registry.errors import Refused
from tests.support import Register

FILES = sorted((Path(__file__).parents[1] / "cases").glob("*.tsv"))
HEADER = "case_id\tregime\timporter_country\timporter_attributes\tmechanism\textra_facts\tas_of\texpected_verdict\treason\n"


@pytest.mark.parametrize("words", [[], ["--through-register"]], ids=["in memory", "through the register"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_case_passes(register: Register, words: list[str], file: Path) -> None:
    answered = register.answer("law", "cases", str(file), *words)
    assert [one for one in answered if not one["passed"]] == []
    assert len(answered) == len(read_cases(file)) > 200


def test_the_register_itself_is_left_alone(register: Register) -> None:
    register.onward("law", "cases", str(FILES[0]), "--through-register")
    assert register.ask("select count(*) from journal_entry")[0][0] == 0


def case_file(folder: Path, line: str) -> str:
    (folder / "cases.tsv").write_text(HEADER + line + "\n")
    return str(folder / "cases.tsv")


def test_a_case_that_differs_is_told_and_counts(register: Register, folder: Path) -> None:
    wrong = case_file(folder, "X1\tEU_GDPR\tNZ\t\tADEQUACY\t\t2024-01-01\tnot_permitted\t[NO_ADEQUACY] wrong")
    said = register.onward("law", "cases", wrong, exit_code=1)
    assert said.splitlines() == [
        "X1 failed: expected not_permitted [NO_ADEQUACY], got permitted [ADEQUATE]",
        "0 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("line", "lacking"),
    [
        ("X1\tXX_LAW\tFR\t\tADEQUACY\t\t2024-01-01\tpermitted\t", "regime XX_LAW"),
        ("X1\tEU_GDPR\tIN\trole=controller\tDEROGATION_49_1_h\t\t2024-01-01\tpermitted\t", "mechanism DEROGATION_49_1_h"),
    ],
)
def test_what_is_not_built_says_so_and_counts_as_failed(register: Register, folder: Path, line: str, lacking: str) -> None:
    said = register.onward("law", "cases", case_file(folder, line), exit_code=1)
    assert said.splitlines() == [f"X1 not built: {lacking}", "0 passed, 1 failed"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("X1\tEU_GDPR\tIN\tcolour=red\tNONE\t\t2024-01-01\tpermitted\t", "line 2: 'colour=red' is no fact of a case"),
        ("X1\tEU_GDPR\tZZ\t\tNONE\t\t2024-01-01\tpermitted\t", "line 2 importer_country: 'ZZ' is no country code"),
        ("X1\tEU_GDPR\tIN\t\tNONE\t\t2024-02-30\tpermitted\t", "line 2: day is out of range"),
        ("X1\tEU_GDPR\tIN\tnext_due=\tNONE\t\t2024-02-03\tpermitted\t", "line 2: Invalid isoformat"),
        ("X1\tEU_GDPR\tIN\t", "line 2: a line has 9 columns"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_keeps_none_of_the_others(
    register: Register, folder: Path, line: str, expected: str
) -> None:
    sound = "X2\tEU_GDPR\tNZ\t\tADEQUACY\t\t2024-01-01\tpermitted\t"
    for words in ([], ["--through-register"]):
        told, last = register.onward("law", "cases", case_file(folder, f"{line}\n{sound}"), *words, exit_code=1).splitlines()
        assert told.startswith("X1 not read: cases.tsv line 2")
        assert expected in told
        assert last == "1 passed, 1 failed"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\tEU_GDPR\tIN\t\tNONE\t\t2024-02-03\tpermitted\t", "line 2: a line has 9 columns"),
        ("X1\tEU_GDPR\tIN\t\tNONE\t\t2024-02-03\tpermitted\t\n" * 2, "case 'X1' stands twice"),
    ],
)
def test_a_case_without_an_id_of_its_own_is_refused(folder: Path, line: str, expected: str) -> None:
    with pytest.raises(Refused, match=expected):
        read_cases(Path(case_file(folder, line)))


def test_a_case_is_put_under_its_own_parties() -> None:
    cases = read_cases(FILES[0])
    assert len({case.key for case in cases}) == len(cases)


@pytest.mark.parametrize("fact", ["dpf_eu=banana", "data=banana", "role=banana"])
def test_a_word_that_the_register_refuses_is_refused_in_memory_too(register: Register, folder: Path, fact: str) -> None:
    line = f"X1\tEU_GDPR\tUS\t{fact}\tDPF\t\t2024-01-01\tpermitted\t"
    said = [
        register.onward("law", "cases", case_file(folder, line), *words, exit_code=1) for words in ([], ["--through-register"])
    ]
    assert "banana" in said[0]
    assert said[0] == said[1]
