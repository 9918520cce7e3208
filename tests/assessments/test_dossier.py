"""Dossiers are opened in the same few queries however many they are, and hold what the register holds."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assessments import dossier
from assessments.rules import Dossier
from registry.database import as_known
from tests.support import Register, a_register


def opened(register: Register, keys: list[str] | None = None) -> list[Dossier]:
    async def look() -> list[Dossier]:
        async with as_known(None):
            return await dossier.open_dossiers(keys)

    return register.do(look)


def without_the_rest(one: Dossier) -> Any:
    """A dossier opened alone knows the hops beneath it, one opened with all others knows those of all."""
    reached, waiting = set(), [one.route.importer, one.route.exporter]
    while waiting:
        party = waiting.pop()
        if party not in reached:
            reached.add(party)
            waiting += [route.importer for route in one.hops.get(party, ())]
    hops = {party: routes for party, routes in one.hops.items() if party in reached}
    return msgspec.to_builtins(msgspec.structs.replace(one, hops=hops))


def test_one_is_the_same_as_the_same_among_all(demo: Register) -> None:
    everything = {(one.key, one.route.since): without_the_rest(one) for one in opened(demo)}
    for key in {key for key, _ in everything}:
        for one in opened(demo, [key]):
            assert without_the_rest(one) == everything[key, one.route.since]


def test_the_number_of_queries_does_not_depend_on_how_many(demo: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = dossier.fetch

    async def counted(query: str, *arguments: Any) -> Any:
        asked.append(query)
        return await real(query, *arguments)

    monkeypatch.setattr(dossier, "fetch", counted)
    counts = []
    for keys in (["mailchimp"], ["mailchimp", "salesforce", "jivochat"]):
        asked.clear()
        opened(demo, keys)
        counts.append(len(asked))
    assert len(set(counts)) == 1
    asked.clear()
    opened(demo)
    assert len(asked) <= counts[0]


def test_a_transfer_nobody_recorded_has_no_dossier(demo: Register) -> None:
    assert opened(demo, ["nothing"]) == []


def test_drafted_clauses_and_voided_rows_are_not_in_it(register: Register, folder: Path) -> None:
    clauses = {
        "key": "drafted", "since": "2022-01-01", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021",
        "module": "M2", "rank": "primary", "state": "drafted",
    }  # fmt: skip
    register.load(a_register(safeguard=[clauses]), folder)
    register.load({"certification": [{"key": "shield", "entry": {"kind": "voided", "why": "a mistake"}}]}, folder)
    (one,) = opened(register)
    assert (one.route.between.clauses, one.route.between.listings) == ((), ())


def test_our_own_role_is_the_one_of_the_day(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    change = {"key": "news", "since": "2025-01-01", "our_role": "processor", "entry": {"kind": "changed"}}
    register.load({"processing_activity": [change]}, folder)
    (one,) = opened(register)
    assert [(part.since.isoformat(), part.exporter_role) for part in one.parts] == [
        ("2018-05-25", "controller"),
        ("2025-01-01", "processor"),
    ]


def test_an_opening_that_is_called_off_leaves_its_connection_in_order(demo: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever of its queries: one that is under way beside it is called off with it."""
    real = dossier.fetch

    async def look() -> int:
        async with as_known(None):
            return len(await dossier.open_dossiers())

    async def work() -> list[int]:
        counts = []
        for last in range(1, len(dossier.queries()) + 1):
            asked = 0
            looking = asyncio.create_task(look())

            async def counted(query: str, *arguments: Any, task: Any = looking, at: int = last) -> Any:
                nonlocal asked
                asked += 1
                if asked == at:
                    task.cancel()
                return await real(query, *arguments)

            monkeypatch.setattr(dossier, "fetch", counted)
            with pytest.raises(asyncio.CancelledError):
                await looking
            monkeypatch.setattr(dossier, "fetch", real)
            counts.append(await look())
        return counts

    assert len(set(demo.do(work))) == 1
