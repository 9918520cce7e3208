"""The clock that says "look", as `onward serve` starts it: at once, again and again, one at a time, whatever happens."""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from assessments import doctor, schedule, watch
from assessments.schedule import clockwork
from registry import law
from tests.support import Register, a_register, environment

QUICK = timedelta(seconds=0.3)
SELDOM = timedelta(hours=1)


@pytest.fixture
def loaded(register: Register, folder: Path) -> Register:
    people = [{"key": "dpo", "name": "D", "email": "dpo@house.example", "role": "dpo", "since": "2018-05-25"}]
    register.load(a_register(person=people), folder)
    return register


async def until(holds: Callable[[], Awaitable[Any] | bool], seconds: float = 15) -> None:
    """Waits until something holds; fails where it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held = holds()
        if held if isinstance(held, bool) else await held:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come")


def counted(monkeypatch: pytest.MonkeyPatch, doing: Callable[[int], Awaitable[None]]) -> list[float]:
    """Puts something before each look; returns the times at which looks began."""
    begun: list[float] = []
    real = schedule.look

    async def look(*words: Any, **how: Any) -> Any:
        begun.append(time.monotonic())
        await doing(len(begun))
        return await real(*words, **how)

    monkeypatch.setattr(schedule, "look", look)
    return begun


async def nothing(_: int) -> None:
    """Before a look, nothing."""


def test_it_looks_at_the_start_and_then_as_often_as_it_should(loaded: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = counted(monkeypatch, nothing)

    async def served() -> None:
        clock = clockwork(look_every=QUICK, deliver_every=SELDOM)
        started = time.monotonic()
        clock.start()
        await until(lambda: len(begun) >= 4)
        clock.shutdown(wait=False)
        assert begun[0] - started < 1, "the first look did not come at the start"
        await asyncio.sleep(0.1)

    loaded.do(served)
    assert loaded.ask("select count(*) from alert")[0][0] > 0


async def jobs() -> dict[str, tuple[Any, ...]]:
    clock = clockwork()
    clock.start(paused=True)
    try:
        return {
            job.id: (job.trigger.interval, job.max_instances, job.coalesce, job.misfire_grace_time) for job in clock.get_jobs()
        }
    finally:
        clock.shutdown(wait=False)


def test_as_it_is_served_it_looks_every_ten_minutes_and_delivers_every_minute() -> None:
    assert asyncio.run(jobs()) == {
        "watch": (timedelta(minutes=1), 1, True, None),
        "deliver": (timedelta(minutes=1), 1, True, None),
        "checkpoints": (timedelta(minutes=30), 1, True, None),
        "server": (timedelta(seconds=2), 1, True, None),
    }


def test_a_look_that_fails_is_told_and_the_next_one_comes(
    loaded: Register, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(count: int) -> None:
        if count <= 2:
            raise RuntimeError("the disk is full")

    begun = counted(monkeypatch, failing)
    told: list[tuple[bool, str]] = []

    async def served() -> None:
        async def stands() -> bool:
            (one,) = [one for one in await doctor.look(law.load(), date(2026, 11, 23)) if one.what == "watch"]
            told.append((one.sound, one.found))
            return one.sound and len(begun) >= 3

        clock = clockwork(look_every=timedelta(seconds=1), deliver_every=SELDOM)
        clock.start()
        await until(lambda: len(begun) >= 1)
        await until(stands)
        clock.shutdown(wait=False)

    with caplog.at_level(logging.ERROR):
        loaded.do(served)
    assert any(not sound and "the disk is full" in found for sound, found in told), told
    assert "looked last on" in told[-1][1]
    assert "a look failed" in caplog.text


def test_never_two_looks_at_once_and_what_was_missed_is_done_once(loaded: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = most = 0

    async def slow(_: int) -> None:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        await asyncio.sleep(1)
        looking -= 1

    begun = counted(monkeypatch, slow)

    async def served() -> None:
        clock = clockwork(look_every=timedelta(seconds=0.2), deliver_every=SELDOM)
        clock.start()
        await until(lambda: len(begun) >= 3)
        clock.shutdown(wait=False)

    with pytest.MonkeyPatch.context() as quiet:
        quiet.setattr(logging.getLogger("apscheduler.scheduler"), "disabled", True)
        loaded.do(served)
    assert most == 1
    assert begun[-1] - begun[0] >= 2, "one after the other, and what was missed once"


def test_it_stops_cleanly_in_the_midst_of_a_look(loaded: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was under way leaves nothing behind, and the next one does it all."""
    reached = asyncio.Event()
    real = watch._reviews

    async def held(under: Any) -> int:
        reached.set()
        await asyncio.sleep(60)
        return await real(under)

    async def served() -> None:
        clock = clockwork(look_every=SELDOM, deliver_every=SELDOM)
        clock.start()
        await asyncio.wait_for(reached.wait(), 15)
        clock.shutdown(wait=False)

    before = loaded.ask("select sequence from journal_head")
    with pytest.MonkeyPatch.context() as midst:
        midst.setattr(watch, "_reviews", held)
        begun = time.monotonic()
        loaded.do(served)
    assert time.monotonic() - begun < 20
    assert loaded.ask("select sequence from journal_head") == before
    assert "1 transfer " in loaded.onward("watch")
    assert loaded.answer("alerts")


@pytest.fixture
def hanging() -> Iterator[tuple[int, Event]]:
    """A mail server that takes the connection and never says a word."""
    taken, over = Event(), Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        door.settimeout(0.1)
        kept: list[socket.socket] = []

        def take() -> None:
            while not over.is_set():
                try:
                    kept.append(door.accept()[0])
                    taken.set()
                except TimeoutError:
                    continue

        thread = Thread(target=take)
        thread.start()
        yield door.getsockname()[1], taken
        over.set()
        thread.join()
        for one in kept:
            one.close()


def test_a_mail_server_that_hangs_delays_no_look(
    loaded: Register, monkeypatch: pytest.MonkeyPatch, hanging: tuple[int, Event]
) -> None:
    port, taken = hanging
    begun = counted(monkeypatch, nothing)

    async def served() -> None:
        clock = clockwork(look_every=QUICK, deliver_every=QUICK)
        clock.start()
        await until(taken.is_set)
        hung, before = time.monotonic(), len(begun)
        await until(lambda: len(begun) >= before + 3, 5)
        assert time.monotonic() - hung < 5
        clock.shutdown(wait=False)

    with environment(ONWARD_SMTP=f"smtp://127.0.0.1:{port}", ONWARD_MAIL_FROM="onward@house.example"):
        loaded.do(served)
    assert loaded.ask("select count(*) from delivery where sent is null")[0][0] > 0, "nothing is lost"


def test_a_look_that_is_cut_off_by_the_end_is_no_failure(
    register: Register, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()

    async def long(*_: object) -> None:
        begun.set()
        await asyncio.sleep(60)

    async def work() -> None:
        monkeypatch.setattr(schedule, "look", long)
        clock = clockwork()
        clock.start()
        await asyncio.wait_for(begun.wait(), 20)
        clock.shutdown(wait=False)
        await asyncio.sleep(0.1)

    register.do(work)
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
