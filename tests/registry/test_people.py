"""Who may act, and how a person is erased so that not a byte is left and the proof still holds."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher

from registry import embedded
from tests.support import CliRunner, Register, a_register, environment, main

ADA = {
    "name": "Ada Quillfeather",
    "email": "ada.quillfeather@mailer.example",
    "phone": "+1 555 0199",
    "address": "1 Plume Road",
}
CONTACT = {"key": "c-1", "since": "2018-05-25", "party": "mailer", "capacity": "contact", **ADA}


def with_ada(**more: Any) -> dict[str, list[dict[str, Any]]]:
    tables = a_register(contact=[CONTACT], **more)
    tables["vendor"][0] |= {"note": "Call ADA QUILLFEATHER (+1 555 0199) about clauses; she knows."}
    tables["transfer"][0] |= {"note": "Quillfeatherstone is another company", "entry": {"why": "Ada Quillfeather asked for it"}}
    return tables


def dumped(register: Register) -> str:
    program = embedded.programs() / "pg_dump"
    return subprocess.run([program, register.url], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("person", ["c-1", "contact:c-1", "ada.quillfeather@mailer.example", "ADA.Quillfeather@mailer.example"])
def test_after_an_erasure_no_byte_of_the_person_is_left(register: Register, folder: Path, person: str) -> None:
    register.load(with_ada(), folder)
    older = {"key": "c-1", "email": "ada@old.example", "entry": {"kind": "corrected", "why": "typed wrong: Ada Quillfeather"}}
    moved = {"key": "c-1", "since": "2020-01-01", "address": "2 Plume Road", "entry": {"kind": "changed"}}
    register.load({"contact": [older]}, folder)
    register.load({"contact": [moved]}, folder)
    assert "Quillfeather" in dumped(register)

    said = register.onward("erase", person, "--why", "Art. 17 request")

    assert "erased: contact c-1" in said
    assert "taken out of: vendor mailer note" in said
    everything = dumped(register) + register.export(folder).decode() + register.onward("journal", "--json")
    for value in (*ADA.values(), "ada@old.example", "2 Plume Road", "ADA QUILLFEATHER"):
        assert value.lower() not in everything.lower().replace("quillfeatherstone", ""), value
    assert "Quillfeatherstone is another company" in everything, "only the person goes"
    assert "Call [erased] ([erased]) about clauses; she knows." in everything


def test_what_was_known_before_reads_the_same_but_for_the_person(register: Register, folder: Path) -> None:
    register.load(a_register(contact=[CONTACT]), folder)
    before = register.export(folder).decode()
    instant = register.ask("select at from journal_head")[0][0].isoformat()
    register.onward("erase", "c-1", "--why", "Art. 17 request")
    after = register.export(folder, "--known-on", instant).decode()
    for key, value in ADA.items():
        before = before.replace(f',\n   "{key}": "{value}"', "")
    assert after == before


def test_nobody_is_erased_by_a_name_that_nobody_has(register: Register, folder: Path) -> None:
    register.load(a_register(contact=[CONTACT]), folder)
    assert "nobody is recorded as 'bob'" in register.onward("erase", "bob", "--why", "x", exit_code=2)


def test_the_reason_of_an_erasure_may_not_name_the_person(register: Register, folder: Path) -> None:
    register.load(a_register(contact=[CONTACT]), folder)
    said = register.onward("erase", "c-1", "--why", "Ada Quillfeather wishes it", exit_code=1)
    assert "say it without the name" in said
    assert register.ask("select name from contact")[0][0] == ADA["name"]


def test_a_place_that_cannot_be_erased_is_named(register: Register, folder: Path) -> None:
    tables = a_register(contact=[CONTACT])
    tables["party"][1]["name"] = "Ada Quillfeather Mailing"
    register.load(tables, folder)
    searched = "/vendors?q=" + quote(CONTACT["email"])
    register.ask("insert into look (at, person, what, of) values (now(), 'ada', 'opened', $1) returning id", searched)
    with environment(DATABASE_URL=register.url):
        result = CliRunner().invoke(main, ["erase", "c-1", "--why", "Art. 17"])
    assert result.exit_code == 0
    assert "still named in party mailer name" in result.stderr
    assert "still named in the access log of" in result.stderr


def test_a_person_is_added_and_no_secret_is_journaled(register: Register, folder: Path) -> None:
    password = "correct horse battery staple"
    key = register.onward(
        "user", "add", "--name", "Grace Hopper", "--email", "grace@house.example", "--role", "dpo", "--password-stdin",
        stdin=password + "\n",
    ).strip()  # fmt: skip
    assert "grace" not in key.lower()
    stored = register.ask("select password_hash from credential where person = $1", key)[0][0]
    assert PasswordHasher().verify(stored, password)
    everything = register.onward("journal", "--json") + register.export(folder).decode()
    assert password not in everything
    assert stored not in everything
    register.onward("erase", key, "--why", "left the house")
    assert "Grace" not in dumped(register)
    assert register.ask("select count(*) from credential")[0][0] == 0


def test_a_short_password_is_refused(register: Register) -> None:
    said = register.onward("user", "add", "--name", "G", "--role", "dpo", "--password-stdin", stdin="short\n", exit_code=2)
    assert "at least 12 characters" in said


def test_a_password_that_was_made_is_told_only_once_the_person_is_recorded(register: Register) -> None:
    words = ("user", "add", "--name", "Grace", "--role")
    assert "told this once" not in register.onward(*words, "dpo", "--email", "\x00", exit_code=1)
    with environment(DATABASE_URL=register.url):
        result = CliRunner().invoke(main, [*words, "dpo"])
    made = re.search(r"told this once.*: (\S+)", result.stderr)
    assert made is not None
    stored = register.ask("select password_hash from credential where person = $1", result.stdout.strip())[0][0]
    assert PasswordHasher().verify(stored, made[1])


def test_a_person_recorded_and_erased_in_one_file_is_gone(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    gone = {"key": "c-1", "entry": {"kind": "erased", "why": "a test"}}
    corrected = {"key": "c-1", "phone": "+1 555 0111", "entry": {"kind": "corrected", "why": "told by Ada Quillfeather"}}
    register.load({"contact": [CONTACT, corrected, gone]}, folder)
    everything = dumped(register) + register.onward("journal", "--json")
    assert not [value for value in (*ADA.values(), "+1 555 0111") if value in everything]


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("田中太郎", "田中太郎さんに連絡", "[erased]さんに連絡"),
        ("Jürgen Özil", "see JÜRGEN ÖZIL_CV.pdf", "see [erased]_CV.pdf"),
        ("Ann Lee", "Ann Leeds is another", "Ann Leeds is another"),
        ("+1 555 01", "call +1 555 0199", "call +1 555 0199"),
        ("Max (M.) \\d+ %_", "Max (M.) \\d+ %_!", "[erased]!"),
    ],
)
def test_a_name_is_found_as_a_whole_in_any_script(register: Register, folder: Path, name: str, text: str, left: str) -> None:
    contact = {"key": "c", "since": "2020-01-01", "party": "mailer", "capacity": "contact", "name": name}
    tables = a_register(contact=[contact])
    tables["vendor"][0]["note"] = text
    register.load(tables, folder)
    register.onward("erase", "c", "--why", "Art. 17")
    assert register.ask("select note from vendor")[0][0] == left
    assert register.answer("journal")[-1]["values"].get("note", left) == left


def test_a_key_with_a_colon_names_its_contact(register: Register, folder: Path) -> None:
    register.load(a_register(contact=[CONTACT | {"key": "a:b"}]), folder)
    assert "erased: contact a:b" in register.onward("erase", "a:b", "--why", "Art. 17")


def test_a_place_that_held_the_person_once_is_named_too(register: Register, folder: Path) -> None:
    tables = a_register(contact=[CONTACT])
    tables["party"][1]["trading_names"] = ["Ada Quillfeather"]
    register.load(tables, folder)
    register.load(
        {"party": [{"key": "mailer", "trading_names": None, "entry": {"kind": "corrected", "why": "a mistake"}}]}, folder
    )
    with environment(DATABASE_URL=register.url):
        result = CliRunner().invoke(main, ["erase", "c-1", "--why", "Art. 17"])
    assert "still named in party mailer trading_names" in result.stderr


def test_who_shares_an_address_is_somebody_else(register: Register, folder: Path) -> None:
    other = CONTACT | {"key": "c-2", "name": "Bea Plume", "phone": "+1 555 0100", "address": None}
    register.load(a_register(contact=[CONTACT, other]), folder)
    said = register.onward("erase", "ada.quillfeather@mailer.example", "--why", "Art. 17", exit_code=2)
    assert "name one of contact:c-1, contact:c-2" in said
    register.onward("erase", "c-1", "--why", "Art. 17")
    assert [tuple(row) for row in register.ask("select name, email from contact order by id")] == [
        (None, None),
        ("Bea Plume", "ada.quillfeather@mailer.example"),
    ]


def test_one_person_on_file_twice_is_erased_wholly(register: Register, folder: Path) -> None:
    register.load(a_register(contact=[CONTACT, CONTACT | {"key": "c-2", "phone": "+1 555 0100"}]), folder)
    register.onward("erase", "c-1", "--why", "Art. 17")
    everything = dumped(register)
    assert not [value for value in (*ADA.values(), "+1 555 0100") if value in everything]


def test_the_servers_log_names_nobody(folder: Path) -> None:
    """What a rule of the database refuses is not written into its log with the row."""
    home = folder / "home"
    tables = a_register(contact=[CONTACT])
    (folder / "r.json").write_text(json.dumps(tables))
    over = {"key": "c-1", "until": "2018-01-01", "entry": {"kind": "corrected", "why": "a mistake"}}
    (folder / "over.json").write_text(json.dumps({"contact": [over]}))
    with environment(ONWARD_HOME=str(home)):
        assert CliRunner().invoke(main, ["import", "register", str(folder / "r.json")]).exit_code == 0
        assert CliRunner().invoke(main, ["import", "register", str(folder / "over.json")]).exit_code == 1
    log = (home / "db" / "log").read_text()
    assert "violates check constraint" in log
    assert "Quillfeather" not in log


def test_where_nobody_can_be_asked_a_password_is_made_and_told_once(register: Register) -> None:
    with environment(DATABASE_URL=register.url):
        result = CliRunner().invoke(main, ["user", "add", "--name", "Grace Hopper", "--role", "dpo"])
    made = result.stderr.strip().rpartition(" ")[2]
    stored = register.ask("select password_hash from credential where person = $1", result.stdout.strip())[0][0]
    assert PasswordHasher().verify(stored, made)


def test_who_erases_the_last_administrator_is_told_how_another_one_is_added(register: Register) -> None:
    """A right of the person's, not to be refused for the house's convenience (Art. 17); nobody is locked out unawares."""
    for name in ("ann", "bea"):
        register.onward("user", "add", "--email", f"{name}@house.example", "--name", name.title(), "--role", "admin")
    for person, told in (("ann", False), ("bea", True)):
        with environment(DATABASE_URL=register.url):
            result = CliRunner().invoke(main, ["erase", f"{person}@house.example", "--why", "Art. 17 request"])
        assert ("no administrator can sign in any more: onward user add" in result.stderr) is told, person
