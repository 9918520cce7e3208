"""In and out: the same bytes, all or nothing, and one clear line where something does not fit."""

import base64
import hashlib
import json
import random
import re
import string
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from piccolo.columns import Array, Boolean, Bytea, Column, Date, ForeignKey, Text
from piccolo.columns.column_types import BigInt, Integer

from registry import law, schema
from registry.register import ITSELF
from registry.tables import is_country, is_moment
from registry.vocabulary import NUMBERS
from tests.support import Register, a_register

JOURNALED = [table for table in schema.tables() if schema.name(table) not in ITSELF]


def token(chance: random.Random, length: int | None = None, *, lines: bool = False) -> str:
    letters = string.ascii_letters + string.digits + "äß漢🙂'\"\\<&;=%_" + ("\t\n" if lines else "")
    return "".join(chance.choice(letters) for _ in range(min(length or 24, 24)))


def value(column: Column, chance: random.Random, keys: dict[str, list[str]]) -> Any:
    """A value that fits a column and that no other row has, where the column leaves a choice."""
    if column._meta.choices is not None:
        return chance.choice([choice.value for choice in column._meta.choices])
    if isinstance(column, ForeignKey):
        return chance.choice(keys[schema.name(column._foreign_key_meta.resolved_references)])
    if isinstance(column, Array):
        return [value(column.base_column, chance, keys) for _ in range(chance.randint(0, 3))]
    if isinstance(column, Boolean):
        return chance.choice([True, False])
    if isinstance(column, Date):
        return (date(2000, 1, 1) + timedelta(days=chance.randint(0, 9000))).isoformat()
    if isinstance(column, (Integer, BigInt)):
        return chance.randint(1, 2**31 - 1)
    if isinstance(column, Bytea):
        return base64.b64encode(chance.randbytes(40)).decode()
    if is_country(column):
        return chance.choice(sorted(law.load().codes))
    if is_moment(column):
        day = date(2000, 1, 1) + timedelta(days=chance.randint(0, 9000))
        return f"{day}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}Z"
    return token(chance, getattr(column, "length", None), lines=isinstance(column, Text) and column._meta.name != "name")


def a_random_register(chance: random.Random, rows: int) -> dict[str, list[dict[str, Any]]]:
    """Every table, every column, unique tokens; things with several periods, and voided rows among them."""
    keys = {schema.name(table): [token(chance) for _ in range(rows)] for table in JOURNALED}
    tables: dict[str, list[dict[str, Any]]] = {}
    for table in JOURNALED:
        title = schema.name(table)
        tables[title] = []
        for key in keys[title]:
            since = date(2018, 1, 1) + timedelta(days=chance.randint(0, 2000))
            for period in range(chance.randint(1, 3)):
                row = {
                    name: value(column, chance, keys)
                    for name, column in schema.columns(table).items()
                    if name not in {*schema.OWN, "since", "until"}
                    if column._meta.required or name == "content" or chance.random() < 0.8
                }
                until = since + timedelta(days=chance.choice([0, 1, 400]))
                row |= {"key": key, "since": since.isoformat(), "until": until.isoformat()}
                if title == "circumstance":
                    row.pop("answer" if row["fact"] in NUMBERS else "number", None)
                if title == "person" and row["role"] == "auditor":
                    row.setdefault("ends", None)
                if title == "document":
                    row["sha256"] = hashlib.sha256(base64.b64decode(row["content"])).hexdigest()
                    row["size"] = len(base64.b64decode(row["content"]))
                tables[title].append(row)
                since = until + timedelta(days=period)
        chance.shuffle(tables[title])
    return tables


def test_what_export_writes_import_reads_and_exports_as_the_same_bytes(
    register: Register, another: Register, folder: Path, chance: random.Random
) -> None:
    given = a_random_register(chance, rows=6)
    register.load(given, folder)
    first = register.export(folder)
    (folder / "elsewhere.json").write_bytes(first)
    another.onward("import", "register", str(folder / "elsewhere.json"))
    assert another.export(folder) == first
    exported = json.loads(first)
    for table, rows in given.items():
        for row in rows:
            shown = {name: found for name, found in row.items() if found is not False}
            kept = any(all(other.get(name) == found for name, found in shown.items()) for other in exported[table])
            assert kept, f"{table} lost {row}"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"fact": "necessary", "number": 7}, "number: necessary is a question of yes or no: say it in `answer`"),
        ({"fact": "sensitive", "answer": True}, "answer: sensitive is counted: say how many in `number`"),
        ({"fact": "sensitive", "number": -1}, "number: Expected `int` >= 0"),
    ],
)
def test_what_is_counted_is_no_yes_and_a_question_takes_no_number(
    register: Register, folder: Path, row: dict[str, Any], told: str
) -> None:
    tables = a_register()
    given = {"key": "c", "transfer": tables["transfer"][0]["key"], "since": "2024-01-01"} | row
    (folder / "r.json").write_text(json.dumps(tables | {"circumstance": [given]}))
    assert told in register.onward("import", "register", str(folder / "r.json"), exit_code=1)


def test_an_import_writes_one_entry_a_row(register: Register, folder: Path) -> None:
    tables = a_register()
    register.load(tables, folder)
    assert len(register.answer("journal")) == 1 + sum(len(rows) for rows in tables.values())


def test_a_dry_run_checks_everything_and_writes_nothing(register: Register, folder: Path) -> None:
    (folder / "r.json").write_text(json.dumps(a_register()))
    assert "Would import 8 rows" in register.onward("import", "register", "--dry-run", str(folder / "r.json"))
    assert "holds no register" in register.onward("journal", exit_code=2)
    register.do(_nothing)
    assert "Would import 8 rows" in register.onward("import", "register", "--dry-run", str(folder / "r.json"))
    assert len(register.answer("journal")) == 1


def test_an_export_of_a_day_holds_what_stands_then_and_what_that_refers_to(register: Register, folder: Path) -> None:
    ended = [{**a_register()["engagement"][0], "until": "2020-01-01"}]
    register.load(a_register(engagement=ended), folder)
    assert "engagement" in json.loads(register.export(folder, "--as-of", "2021-01-01")), "the leg refers to it"
    assert register.export(folder, "--as-of", "2018-05-24") == b"{}\n"


def changed(table: str, **values: Any) -> dict[str, list[dict[str, Any]]]:
    tables = a_register()
    tables[table] = [{**tables[table][-1], **values}]
    return tables


BAD = {
    "an unknown country": (changed("transfer", country="ZZ"), r"transfer\[0\] 'news' country: 'ZZ' is no country code"),
    "a country that is no more": (changed("transfer", country="AN"), r"country: 'AN' is not modelled: .*: record BQ, CW or SX"),
    "an area for a country": (changed("transfer", country="EEA"), r"country: 'EEA' is no country code"),
    "an impossible date": (
        changed("transfer", since="2020-02-30"),
        r"transfer\[0\] 'news' since: '2020-02-30' is no day: write YYYY-MM-DD",
    ),
    "an impossible day of an entry": (
        changed("party", entry={"since": "2020-13-01"}),
        r"party\[0\] 'mailer' entry since: '2020-13-01' is no day: write YYYY-MM-DD",
    ),
    "until before since": (changed("transfer", until="2018-05-24"), r"until: 2018-05-24 lies before since"),
    "an unknown module": (
        a_register(
            safeguard=[
                {
                    "key": "s",
                    "since": "2022-01-01",
                    "exporter": "house",
                    "importer": "mailer",
                    "instrument": "eu-scc-2021",
                    "module": "M5",
                    "rank": "primary",
                    "state": "signed",
                }
            ]
        ),
        r"safeguard\[0\] 's' module: Invalid enum value 'M5'",
    ),
    "a dangling key": (changed("transfer", importer="nobody"), r"importer: no party has the key 'nobody': record it first"),
    "a duplicate key": (a_register(party=a_register()["party"] * 2), r"stands twice for the same days"),
    "an unknown table": ({"parties": []}, r"no table is called 'parties': there are "),
    "an unknown column": (
        changed("transfer", county="US"),
        r"transfer\[0\] 'news' county: there is no such field: did you mean country\?",
    ),
    "a column like no other": (changed("transfer", xyz="US"), r"'news' xyz: there is no such field: there are .*importer, "),
    "a country by its name": (
        changed("transfer", country="Germany"),
        r"transfer\[0\] 'news' country: 'Germany' is no country code: use ISO 3166-1 alpha-2, such as DE or US",
    ),
    "a missing column": ({"party": [{"key": "x", "since": "2020-01-01", "name": "X"}]}, r"missing required field `country`"),
    "an empty name": (changed("party", name=""), r"party\[0\] 'mailer' name: Expected `str` of length >= 1"),
    "a number for a name": (changed("party", name=3), r"name: Expected `str`, got `int`"),
    "a character that cannot be kept": (
        changed("party", name="a\0b"),
        r"party\[0\] 'mailer' name: holds a sign that cannot be ",
    ),
    "a sign to the terminal": (
        changed("party", name="a\x1b]0;b"),
        r"party\[0\] 'mailer' name: holds a sign that cannot be read",
    ),
    "a name of two lines": (
        changed("party", name="a\n"),
        r"party\[0\] 'mailer' name: .* the end of a line where none may stand",
    ),
    "the same in the past": (
        changed("party", address="a\x9bb"),
        r"party\[0\] 'mailer' address: holds a sign that cannot be read",
    ),
    "a name that no index holds": (changed("party", name="é" * 501), r"party\[0\] 'mailer' name: is longer than 500 signs"),
    "half a character": (changed("party", name="a\ud800b"), r"party\[0\] name: holds half a character"),
    "a blank reason": (changed("party", entry={"kind": "recorded", "why": "  "}), r"party\[0\] 'mailer' entry why: is blank"),
    "half a character in a reason": (
        changed("party", entry={"kind": "recorded", "why": "\ud800"}),
        r"party\[0\] entry: holds half a character",
    ),
    "an alien who": (changed("party", entry={"who": "person-1"}), r"party\[0\] 'mailer' entry who: is for a demo's own files"),
    "an unknown kind": (changed("party", entry={"kind": "deleted"}), r"entry kind: Invalid enum value 'deleted'"),
    "a change of nothing": (
        {"party": [{"key": "x", "name": "X", "entry": {"kind": "corrected", "why": "a mistake"}}]},
        r"nothing of that key is recorded",
    ),
    "a day beyond all law": (changed("transfer", until="9999-12-31"), r"until: 9999-12-31 lies beyond all law"),
    "a key that names nothing, with a character that cannot be kept": (changed("transfer", importer="a\0"), r"importer: "),
    "a number without end": (
        {"decision": [{"key": "d", "since": "2020-01-01", "vendor": "x", "standing": "approved", "rests_on": 2**70}]},
        r"rests_on: ",
    ),
    "a document without its bytes": (
        {"document": [{"key": "d", "since": "2020-01-01", "sha256": "0" * 64, "media_type": "x", "size": 3}]},
        r"document\[0\] 'd' content: the bytes are missing",
    ),
    "other bytes than their hash": (
        {
            "document": [
                {"key": "d", "since": "2020-01-01", "sha256": "0" * 64, "media_type": "x", "size": 3, "content": "AAAA"}
            ]
        },
        r"document\[0\] 'd' sha256: the content's is ",
    ),
}


ALTERED_BADLY = {
    "ended and renamed at once": ({"until": "2024-01-01", "name": "N"}, "changed", "name: the thing ends with `until`"),
    "changed on no day": ({"name": "N"}, "changed", "since: say on which day it changed"),
    "changed on null": ({"until": None}, "changed", "since: say on which day it changed"),
    "voided with more to say": ({"name": "N"}, "voided", "name: a row that is voided says nothing else"),
    "nothing corrected": ({}, "corrected", "nothing is corrected"),
    "a name taken away": ({"name": None}, "corrected", "name: Expected `str`, got `null`"),
    "until before since": ({"until": "2018-01-01"}, "corrected", "until: lies before `since`"),
    "changed before it began": ({"since": "2018-01-01", "name": "N"}, "changed", "name a day between"),
    "changed on its first day": ({"since": "2018-05-25", "name": "N"}, "changed", "cannot change on its first day"),
    "no reason": ({"name": "N"}, "corrected", "entry why: say for what reason"),
    "a reason that cannot be kept": ({"name": "N"}, "corrected", "entry why: "),
}


@pytest.mark.parametrize("case", ALTERED_BADLY)
def test_an_alteration_that_says_too_much_or_too_little_is_refused(register: Register, folder: Path, case: str) -> None:
    values, kind, expected = ALTERED_BADLY[case]
    register.load(a_register(), folder)
    before = register.onward("journal", "--json")
    why = {"why": "a\0b" if case.startswith("a reason that") else "a mistake"} if not case.startswith("no reason") else {}
    row = {"key": "mailer", **values, "entry": {"kind": kind, **why}}
    said = register.load({"party": [row]}, folder, exit_code=1)
    assert expected in said
    assert "Failing row" not in said
    assert len(said.splitlines()) == 1
    assert register.onward("journal", "--json") == before


def test_each_entry_gives_its_own_reason(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["party"][0]["entry"] = {"why": "our own house"}
    register.load(tables, folder)
    whys = {(entry["table"], entry["image"]["key"]): entry["why"] for entry in register.answer("journal")}
    assert whys["party", "house"] == "our own house"
    assert whys["party", "mailer"] == whys["vendor", "mailer"] == "imported from register.json"


def test_the_bytes_of_a_document_are_never_corrected(register: Register, folder: Path) -> None:
    content = base64.b64encode(b"first").decode()
    document = {"key": "d", "since": "2020-01-01", "media_type": "text/plain", "size": 5, "content": content}
    document["sha256"] = hashlib.sha256(b"first").hexdigest()
    register.load({"document": [document]}, folder)
    other = {"key": "d", "sha256": hashlib.sha256(b"other").hexdigest(), "entry": {"kind": "corrected", "why": "a mistake"}}
    assert "bytes are what they are" in register.load({"document": [other]}, folder, exit_code=1)


def test_what_ends_on_a_day_still_ends_then_after_a_change(register: Register, folder: Path) -> None:
    activity = {**a_register()["processing_activity"][0], "until": "2030-01-01"}
    register.load(a_register(processing_activity=[activity]), folder)
    change = {"key": "news", "since": "2020-01-01", "name": "News", "entry": {"kind": "changed"}}
    register.load({"processing_activity": [change]}, folder)
    assert [row[0].isoformat() for row in register.ask("select until from processing_activity order by since")] == [
        "2020-01-01",
        "2030-01-01",
    ]


@pytest.mark.parametrize("kind", ["corrected", "changed"])
def test_a_judgement_is_never_edited(register: Register, folder: Path, kind: str) -> None:
    decision = {"key": "d", "since": "2020-01-01", "vendor": "mailer", "standing": "refused"}
    register.load(a_register(decision=[decision]), folder)
    since = {"since": "2021-01-01"} if kind == "changed" else {}
    edit = {"key": "d", **since, "standing": "approved", "entry": {"kind": kind, "why": "a mistake"}}
    said = register.load({"decision": [edit]}, folder, exit_code=1)
    assert "record another" in said
    register.load({"decision": [{"key": "d", "until": "2021-01-01", "entry": {"kind": "changed"}}]}, folder)


def test_a_document_keeps_its_bytes_and_their_number(register: Register, folder: Path) -> None:
    content = base64.b64encode(b"first").decode()
    document = {"key": "d", "since": "2020-01-01", "media_type": "text/plain", "size": 6, "content": content}
    document["sha256"] = hashlib.sha256(b"first").hexdigest()
    assert "size: the content has 5 bytes" in register.load({"document": [document]}, folder, exit_code=1)
    register.load({"document": [document | {"size": 5}]}, folder)
    change = {"key": "d", "since": "2021-01-01", "title": "Other", "entry": {"kind": "changed"}}
    assert "end it with `until`" in register.load({"document": [change]}, folder, exit_code=1)


def test_a_failed_import_leaves_no_register_behind(register: Register, folder: Path) -> None:
    register.load(changed("transfer", importer="nobody"), folder, exit_code=1)
    assert "holds no register" in register.onward("journal", exit_code=2)
    register.onward("demo")


def test_a_name_that_stands_twice_in_a_file_is_refused(register: Register, folder: Path) -> None:
    (folder / "twice.json").write_text('{"party": [], "party": []}')
    said = register.onward("import", "register", str(folder / "twice.json"), exit_code=1)
    assert "'party' stands twice" in said


def test_brackets_without_end_are_refused(register: Register, folder: Path) -> None:
    (folder / "deep.json").write_text("[" * 100_000)
    assert "a register file is" in register.onward("import", "register", str(folder / "deep.json"), exit_code=1)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_clear_line_and_changes_nothing(register: Register, folder: Path, case: str) -> None:
    tables, expected = BAD[case]
    register.do(_nothing)
    before = register.onward("journal", "--json")
    said = register.load(tables, folder, exit_code=1)
    assert len(said.strip().splitlines()) == 1
    assert re.search(expected, said), said
    assert register.onward("journal", "--json") == before


async def _nothing() -> None:
    """Opens the register and leaves it."""


@pytest.mark.parametrize("content", ["", "[]", "{", '{"party": {}}', '{"party": [1]}', "\xff"])
def test_a_file_that_is_none_is_refused(register: Register, folder: Path, content: str) -> None:
    path = folder / "bad.json"
    path.write_bytes(content.encode("latin-1"))
    assert "a register file is" in register.onward("import", "register", str(path), exit_code=1)


def test_what_is_no_file_is_not_read_without_end(register: Register) -> None:
    assert "/dev/zero: is no file" in register.onward("import", "register", "/dev/zero", exit_code=1)


def test_the_longest_name_is_kept_whatever_its_signs(register: Register, folder: Path) -> None:
    names = ["".join(chr(0x10000 + (place * 7919 + number) % 60000) for place in range(500)) for number in range(2)]
    rows = [{"key": f"p{number}", "name": name, "country": "DE", "since": "2020-01-01"} for number, name in enumerate(names)]
    register.load({"party": rows}, folder)
    assert [row["name"] for row in register.ask("select name from party order by key")] == names


@pytest.mark.parametrize("content", [b"\x89PNG\r\n", b"PK\x03\x04\x14\x00\x00", b"\xff\xd8\xff"])
def test_a_file_that_is_no_text_is_called_so(register: Register, folder: Path, content: bytes) -> None:
    (folder / "picture.json").write_bytes(content)
    said = register.onward("import", "register", str(folder / "picture.json"), exit_code=1)
    assert said == "onward: picture.json: is no JSON text file: a register file is {table: [row, …]}\n"


def test_each_row_that_does_not_fit_has_a_line_up_to_twenty(register: Register, folder: Path) -> None:
    wrong = [{"key": f"p{number}", "name": "P", "country": "Germany", "since": "2020-01-01"} for number in range(22)]
    tables = a_register()
    tables["party"] += wrong[:3]
    tables["transfer"][0]["contry"] = "US"
    said = register.load(tables, folder, exit_code=1).splitlines()
    assert [line.partition(":")[2].split()[0] for line in said] == ["party[2]", "party[3]", "party[4]", "transfer[0]"]
    said = register.load({"party": wrong}, folder, exit_code=1).splitlines()
    assert len(said) == 21
    assert said[-1] == "onward: rows that do not fit either: 2"
    assert "holds no register" in register.onward("journal", exit_code=2)


def test_the_same_rows_again_are_refused_and_named(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    assert "recorded already" in register.load(a_register(), folder, exit_code=1)


def test_aliases_are_recorded_under_the_countrys_own_code(register: Register, folder: Path) -> None:
    register.load({"party": [{"key": "x", "name": "X", "country": "UK", "since": "2020-01-01"}]}, folder)
    assert register.ask("select country from party")[0][0] == "GB"


def test_a_period_may_not_be_corrected_into_another(register: Register, folder: Path) -> None:
    party = {"key": "x", "name": "X", "country": "DE", "since": "2020-01-01", "until": "2021-01-01"}
    register.load({"party": [party, party | {"since": "2021-01-01", "until": "2022-01-01"}]}, folder)
    over = {"key": "x", "until": "2021-06-01", "entry": {"kind": "corrected", "why": "a mistake", "since": "2020-01-01"}}
    assert "overlaps another one of the same key" in register.load({"party": [over]}, folder, exit_code=1)
