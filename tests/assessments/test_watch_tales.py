"""However often the watch looks, each cause is told exactly once. Large numbers: `make prove`."""

import asyncio
import os
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from assessments.assess import Clocks, assess
from assessments.watch import look
from registry import database, law
from tests.support import Register, a_register, drop_database, new_database
from tests.told import ERAS, FACTS, LENGTH, ONCE, RHYTHMS, Told, after_a_gap, daily, tell

TALES = int(os.environ.get("ONWARD_TALES", "3"))
days_and_facts = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.sampled_from(FACTS)), max_size=7)
tales = hypothesis.settings(
    max_examples=TALES, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)


def heard(server: str, tale: list[tuple[int, str]], era: str, rhythm: Any) -> Told:
    """What a new register tells of a tale when it is looked at in a rhythm."""
    name = f"t_{secrets.token_hex(6)}"
    url = new_database(server, name)

    async def telling() -> Told:
        async with database.opened(create=True, url=url):
            return await tell(tale, era, rhythm)

    try:
        return asyncio.run(telling())
    finally:
        drop_database(server, name)


@tales
@hypothesis.given(tale=days_and_facts, era=st.sampled_from(ERAS))
def test_each_cause_is_told_once_in_any_rhythm(server: str, tale: list[tuple[int, str]], era: str) -> None:
    every_day, *others = [heard(server, tale, era, rhythm) for rhythm in RHYTHMS]
    assert len({cause for _, cause in every_day}) == len(every_day), "a cause was told twice"
    for other in others[:-1]:
        assert other == every_day
    after = others[-1]
    assert len({cause for _, cause in after}) == len(after), "a cause was told twice"
    assert [one for one in after if one[0] in ONCE] == [one for one in every_day if one[0] in ONCE]


@tales
@hypothesis.given(tale=days_and_facts, era=st.sampled_from(ERAS))
def test_no_verdict_changes_between_two_looks_untold(server: str, tale: list[tuple[int, str]], era: str) -> None:
    """Asked of the pages, not of the watch: whoever read the verdicts before and after two looks finds each change told."""
    name = f"t_{secrets.token_hex(6)}"
    url = new_database(server, name)
    before: dict[Any, Any] = {}

    async def looking(day: date, _: bool) -> None:
        looked = await look(day, law.load())
        shown = await assess(law.load(), Clocks(day, None, day, day.isoformat()))
        now = {(one.transfer, one.regime): (one.outcome, one.basis, one.path_outcome) for one in shown}
        other = [place for place, read in now.items() if place in before and before[place] != read]
        assert not other or any(row["kind"] in ONCE for row in looked.alerts), f"{day}: {other} changed untold"
        recorded = await recorded_now()
        assert {place: recorded.get(place) for place in now} == now, "what is recorded is not what is read"
        before.clear()
        before.update(now)

    async def telling() -> None:
        async with database.opened(create=True, url=url):
            await tell(tale, era, looking)

    try:
        asyncio.run(telling())
    finally:
        drop_database(server, name)


async def recorded_now() -> dict[Any, Any]:
    async with database.as_known(None) as at:
        rows = await at.fetch(
            """select t.key, a.regime, a.outcome, a.basis, a.path_outcome from assessment a
            join transfer t on t.id = a.transfer where a.until is null"""
        )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


@pytest.mark.parametrize("ahead", [0, 30, 400])
def test_a_rehearsal_leaves_the_journal_as_it_was(register: Register, folder: Path, ahead: int) -> None:
    register.load(a_register(), folder)
    register.onward("watch")
    register.load({"sub_processing": [_hop()]}, folder)
    before, alerts = register.onward("journal", "--json"), register.onward("alerts", "--json")
    day = date.today() + timedelta(days=ahead)  # noqa: DTZ011
    assert "Would record" in register.onward("watch", "--on", day.isoformat())
    assert register.onward("journal", "--json") == before
    assert register.onward("alerts", "--json") == alerts
    looked = register.onward("watch")
    assert "onward_transfer" in looked, "a rehearsal took nothing away from the next look"


def _hop() -> dict[str, Any]:
    return {"key": "hop", "processor": "mailer", "sub_processor": "house", "country": "US", "since": "2020-01-01"}


def test_a_week_after_a_tale_of_everything(server: str) -> None:
    """One fixed tale in which much comes together on few days."""
    tale = [(1, "clauses"), (1, "hop"), (2, "hop moves"), (3, "lapsed"), (4, "clauses end"), (5, "assessed"), (5, "several")]
    every_day, after = (heard(server, tale, ERAS[0], rhythm) for rhythm in (daily, after_a_gap))
    assert [one for one in after if one[0] in ONCE] == [one for one in every_day if one[0] in ONCE]
    kinds = {kind for kind, _ in every_day}
    assert {"verdict_changed", "onward_transfer", "onward_moved"} <= kinds
