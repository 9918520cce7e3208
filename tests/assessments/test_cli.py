"""The command line is a contract: what it prints, and with which exit code."""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assessments.cli import main
from tests.support import Register, a_register

ROOT = Path(__file__).parents[2]
FIELDS = (
    "transfer exporter regime importer country as_of known_on outcome basis last_day next_change reasons path path_outcome "
    "flowing law_version"
).split()


def test_assess_prints_one_object_a_transfer_and_regime(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    (one,) = register.answer("assess", "--as-of", "2020-07-15")
    assert list(one) == FIELDS
    assert (one["transfer"], one["regime"], one["as_of"]) == ("news", "EU_GDPR", "2020-07-15")
    assert [reason.keys() for reason in one["reasons"]] == [{"code", "article", "text"}]
    assert len(one["law_version"]) == 64


def test_an_exporter_under_two_regimes_is_judged_under_each(register: Register, folder: Path) -> None:
    scopes = [
        {"key": "house", "party": "house", "basis": "established", "territory": "DE", "since": "2018-05-25"},
        {"key": "norway", "party": "house", "basis": "established", "territory": "NO", "since": "2018-05-25"},
    ]
    register.load(a_register(regime_scope=scopes), folder)
    regimes = {
        day: [one["regime"] for one in register.answer("assess", "--as-of", day)] for day in ("2018-07-19", "2018-07-20")
    }
    assert regimes == {"2018-07-19": ["EU_GDPR", "EU_DPD"], "2018-07-20": ["EU_GDPR"]}


def test_an_exporter_without_a_scope_is_undetermined(register: Register, folder: Path) -> None:
    register.load(a_register(regime_scope=[]), folder)
    (one,) = register.answer("assess", "--as-of", "2020-07-15")
    assert (one["regime"], one["outcome"], one["reasons"][0]["code"]) == (None, "undetermined", "REGIME_UNKNOWN")


def test_an_instant_may_be_given_for_known_on(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    instant = register.ask("select at from journal_head")[0][0]
    asked = instant.isoformat()
    assert len(register.answer("assess", "--as-of", "2020-07-15", "--known-on", asked)) == 1
    assert register.answer("assess", "--as-of", "2020-07-15", "--known-on", "2020-07-15") == []


@pytest.mark.parametrize(
    "words",
    [
        ["assess", "--as-of", "2020-02-30"],
        ["assess", "--as-of", "yesterday"],
        ["assess", "--known-on", "2020-07-16T25:00:00Z"],
        ["law", "show", "no-such-instrument"],
        ["law", "show", "eu-gdpr", "--as-of", "16.07.2020"],
        ["user", "add", "--name", "x", "--role", "king"],
        ["user", "add", "--name", "x", "--role", "auditor", "--password-stdin"],
        ["user", "add", "--name", "x", "--role", "auditor", "--until", "2020-01-01T00:00"],
        ["user", "add", "--name", "x", "--role", "dpo", "--until", "2999-01-01T00:00"],
        ["no-such-command"],
        ["assess", "--as-of", "20200716"],
        ["assess", "--as-of", "9999-12-31"],
        ["assess", "--known-on", "20200716"],
        ["assess", "--known-on", "0001-01-01T00:00:00+14:00"],
        ["erase", "x", "--why", " "],
        ["export", "register"],
    ],
)
def test_misuse_is_told_in_one_line_with_exit_2(register: Register, words: list[str]) -> None:
    said = register.onward(*words, exit_code=2)
    assert said.startswith("onward: ")
    assert len(said.splitlines()) == 1


def test_what_looks_like_markup_is_printed_as_it_is(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["transfer"][0]["key"] = "[/red]"
    register.load(tables, folder)
    assert "[/red]" in register.onward("assess", "--as-of", "2020-07-16")
    assert "[/red]" in register.onward("journal")


def test_an_export_writes_to_what_is_no_plain_file(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    os.mkfifo(folder / "pipe")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((folder / "pipe").read_bytes)
        register.onward("export", "register", "--out", str(folder / "pipe"))
        assert json.loads(read.result())
    assert not (folder / "pipe").is_file()


def test_law_check_is_sound_and_lists_what_is_overdue(register: Register) -> None:
    assert "Nothing is overdue" in register.onward("law", "check", "--as-of", "2026-11-23")
    assert "overdue for re-verification" in register.onward("law", "check", "--as-of", "2030-01-01")
    overdue = register.answer("law", "check", "--as-of", "2030-01-01")
    assert {"fact", "grade", "verified_on", "citation"} == overdue[0].keys()


def test_law_show_prints_an_instruments_life(register: Register) -> None:
    said = register.onward("law", "show", "eu-us-privacy-shield", "--as-of", "2020-07-16")
    assert "C-311/18" in said
    assert "invalidated" in said
    assert "in force" in register.onward("law", "show", "eu-us-privacy-shield", "--as-of", "2020-07-15").splitlines()[-1]


def test_the_doctor_finds_nothing_wrong_and_says_so_when_it_does(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    assert all(check["sound"] for check in register.answer("doctor"))
    register.ask("alter table party disable trigger all")
    found = register.onward("doctor", "--json", exit_code=1)
    assert "onward_has_entry on party" in found
    register.ask("drop trigger onward_kept on journal_entry")
    assert "onward_kept on journal_entry" in register.onward("doctor", "--json", exit_code=1)


def test_an_export_leaves_what_was_there_when_it_cannot_write(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    said = register.onward("export", "register", "--out", str(folder / "nowhere" / "x.json"), exit_code=1)
    assert "cannot be written" in said
    assert sorted(path.name for path in folder.iterdir()) == ["register.json"]


def test_nothing_but_the_answer_goes_to_stdout(register: Register, folder: Path) -> None:
    """A real process: stdout is JSON and nothing else."""
    register.load(a_register(), folder)
    command = [sys.executable, "-c", "from assessments.cli import main; main()", "assess", "--json"]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": register.url}, capture_output=True, text=True, check=True
    )
    assert len(json.loads(result.stdout)) == 1
    assert result.stderr == ""


def test_every_command_explains_itself(register: Register) -> None:
    def walk(group: object, words: list[str]) -> None:
        assert "Usage" in register.onward(*words, "--help")
        for name, command in getattr(group, "commands", {}).items():
            assert command.help, name
            walk(command, [*words, name])

    walk(main, [])


def test_no_command_waits_for_what_only_serving_and_printing_need() -> None:
    heavy = {"litestar", "uvicorn", "apscheduler", "weasyprint", "xlsxwriter"}
    said = "import sys, assessments.cli as _; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert "click" in told.stdout.split()
    assert not heavy & set(told.stdout.split())


def test_a_second_server_on_a_port_changes_nothing_and_says_who_is_in_the_way(register: Register) -> None:
    register.onward("demo", "--until", "2018-05-25")
    before = register.ask("select person, password_hash from credential order by person")
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = str(first.getsockname()[1])
        assert f"nothing can listen on 127.0.0.1:{port}" in register.onward("serve", "--port", port, exit_code=2)
    assert "99999999" in register.onward("serve", "--port", "99999999", exit_code=2)
    assert register.ask("select person, password_hash from credential order by person") == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not run: no /dev/full here")
def test_where_what_is_printed_finds_no_room_the_database_is_not_blamed() -> None:
    program = [sys.executable, "-c", "from assessments.cli import main; main()", "law", "show", "eu-us-dpf"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(program, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "there is no room where this is printed to" in done.stderr, done.stderr
    assert "database" not in done.stderr
