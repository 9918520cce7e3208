"""What the desk shows is the same from recorded verdicts, from recorded ones with a few beside them, and judged whole."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments import standing
from assessments.assess import Clocks
from assessments.watch import unseen
from registry import database, law
from registry.vocabulary import Outcome
from tests.support import Register

ENDED = date(2026, 6, 30)


def seen(register: Register) -> tuple[Any, Any, int | None]:
    """The picture read as now, the same judged whole, and how many transfers the watch has not looked at."""

    async def work() -> tuple[Any, Any, int | None]:
        pack, clocks = law.load(), Clocks(ENDED, None, ENDED, "now")
        async with database.as_known(None) as at:
            left = await unseen(at, ENDED, pack)
        now = await standing.standing(pack, clocks, now=True)
        standing._kept.clear()
        return now, await standing.standing(pack, clocks, now=False), None if left is None else len(left)

    return register.do(work)


def test_recorded_verdicts_and_judged_ones_say_the_same(register: Register, tmp_path: Path) -> None:
    register.onward("demo")
    now, judged, left = seen(register)
    assert (now, left) == (judged, None), "the watch has not looked yet: judged whole"
    risky, _ = standing.at_risk(judged, 50)
    assert risky
    assert len(risky) < sum(map(len, judged.values()))

    register.onward("watch")
    assert seen(register) == (judged, judged, 0)

    key = risky[0]
    voided = {"key": key, "entry": {"kind": "voided", "why": "Never was"}}
    register.load({"transfer": [voided]}, tmp_path)
    now, whole, left = seen(register)
    assert left, "one transfer is judged beside those recorded"
    assert now == whole
    assert standing.at_risk(now, 50) == ([one for one in risky if one != key], [])


def test_a_picture_is_judged_once(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register.onward("demo")
    calls: list[int] = []
    real = standing._judged

    def counting(*arguments: Any) -> Any:
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(standing, "_judged", counting)
    clocks = Clocks(date(2020, 7, 16), None, ENDED, "the day")

    async def twice() -> list[Any]:
        pack = law.load()
        return list(await asyncio.gather(*(standing.standing(pack, clocks, now=False) for _ in range(2))))

    first, second = register.do(twice)
    assert register.do(twice) == [first, second]
    assert first == second
    assert len(calls) <= 2, "kept for all who ask afterwards"


def test_what_is_stopped_stands_apart_whatever_its_verdict() -> None:
    judged = {Outcome.NOT_PERMITTED: ["a", "b"], Outcome.PERMITTED: ["c", "d"]}
    assert standing.at_risk(judged, 50, frozenset("bd")) == (["a"], ["b", "d"])
