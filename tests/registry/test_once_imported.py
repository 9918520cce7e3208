"""An import repeated under the same key is taken once: the same file says so, another one is refused, two at once are one."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from registry import once, register
from registry.errors import Refused
from tests.support import Register, a_register


def sent(folder: Path, tables: dict[str, Any], name: str = "july.json") -> str:
    (folder / name).write_text(json.dumps(tables))
    return str(folder / name)


def entries(register: Register) -> int:
    return int(register.ask("select count(*) from journal_entry")[0][0])


def test_the_same_file_under_the_same_key_is_taken_once(register: Register, folder: Path) -> None:
    file, key = sent(folder, a_register()), ("--idempotency-key", "july 1")
    assert "Would import" in register.onward("import", "register", file, *key, "--dry-run")
    assert "Imported" in register.onward("import", "register", file, *key), "a dry run takes no key"
    before = entries(register)
    for more in ([], ["--why", "again"], ["--dry-run"]):
        said = register.onward("import", "register", file, *key, *more)
        assert "was taken already on 20" in said
        assert "nothing was written" in said
    assert entries(register) == before
    again = sent(folder, a_register(), "another-name.json")
    assert "was taken already" in register.onward("import", "register", again, *key), "what counts is what stands in it"


def test_another_file_under_the_same_key_is_refused(register: Register, folder: Path) -> None:
    key = ("--idempotency-key", "july")
    register.onward("import", "register", sent(folder, a_register()), *key)
    before = entries(register)
    other = {"measure": [{"key": "tls", "name": "Encryption in transit", "since": "2020-01-01"}]}
    said = register.onward("import", "register", sent(folder, other), *key, exit_code=1)
    assert "another file was taken under it on 20" in said
    assert entries(register) == before
    register.onward("import", "register", sent(folder, other), "--idempotency-key", "august")
    assert entries(register) == before + 1


def test_a_file_that_was_refused_leaves_its_key_free(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["transfer"][0]["engagement"] = "nobody"
    key = ("--idempotency-key", "july")
    register.onward("import", "register", sent(folder, tables), *key, exit_code=1)
    assert "Imported" in register.onward("import", "register", sent(folder, a_register()), *key)


@pytest.mark.parametrize("key", ["", "  ", "k" * 201])
def test_a_key_that_names_nothing_is_misused(register: Register, folder: Path, key: str) -> None:
    said = register.onward("import", "register", sent(folder, a_register()), "--idempotency-key", key, exit_code=2)
    assert "--idempotency-key" in said


def test_two_at_once_are_taken_once(register: Register) -> None:
    tables = a_register()
    file = hashlib.sha256(json.dumps(tables).encode()).hexdigest()

    async def one(number: int) -> str:
        given = ("july", file if number % 4 else file[::-1])
        try:
            return str(await _imported(tables, given))
        except once.TakenBefore:
            return "before"
        except Refused as error:
            return "refused" if "another file" in str(error) else str(error)

    async def work() -> list[str]:
        return list(await asyncio.gather(*(one(number) for number in range(1, 9))))

    answers = register.do(work)
    rows = str(sum(map(len, tables.values())))
    assert set(answers) == {rows, "before", "refused"}, answers
    assert answers.count(rows) == 1
    assert len(register.ask("select * from vendor")) == 1


async def _imported(tables: dict[str, Any], given: tuple[str, str]) -> int:
    return await register.import_register(tables, "cli:test", None, "july.json", sent=given)
