"""The press: what takes long to set runs in a process of its own, few at a time, and the server goes on answering.

The process is told the record and the format, and nothing else: it knows neither the register nor the mail, gives way to the
pages, gives its memory back when it is done, and is ended with whoever waits for it.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from assessments.record import Record
from registry.errors import Busy, Refused

PRESSES = 2  # at work at the same time; a record of 1,000 activities takes some 3 GB while it is set
WAIT = 60.0  # seconds a download stands in the queue before it is told to come again
LIMIT = 280.0  # seconds a download may take to set, a little less than what browsers wait for a first byte
_free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def a_press(wait: float | None) -> AsyncIterator[None]:
    """One of the presses of this server, for as long as it is held. Raises Busy if none was free for `wait` seconds."""
    presses = _free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PRESSES))
    try:
        async with asyncio.timeout(wait):
            await presses.acquire()
    except TimeoutError as late:
        raise Busy(
            f"All {PRESSES} presses are at work on other downloads, and none was free within {wait:g} seconds. "
            "Try again in a few minutes, or take another format, which is there at once."
        ) from late
    try:
        yield
    finally:
        presses.release()


async def pressed(record: Record, fmt: str, limit: float | None) -> bytes:
    """The record in a format, set apart. Raises Busy if it takes longer than `limit` seconds, Refused if it cannot be set."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        fmt,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", "DATABASE_", "PG"))},
    )
    try:
        async with asyncio.timeout(limit):
            content, complaint = await process.communicate(msgspec.json.encode(record))
    except TimeoutError as late:
        raise Busy(
            f"The {fmt.upper()} was not done after {limit:g} seconds and was given up. Take another format, which is there at "
            "once, or have it written at the command line, where it may take its time: onward report --format " + fmt
        ) from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2] or f"it ended with {process.returncode}"
        raise Refused(f"The {fmt.upper()} could not be set ({last}). The other formats do not need the press.")
    return content


async def while_waited_for(work: Coroutine[Any, Any, bytes], receive: Callable[[], Awaitable[Any]]) -> bytes:
    """The work's content; `receive` is that of the request. Raises Busy, the work ended, where its browser went away before."""
    pressing, leaving = asyncio.create_task(work), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({pressing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not pressing.done():
            raise Busy("Nobody waited for the download any more: it was given up.")
        return pressing.result()
    finally:
        for task in (pressing, leaving):
            task.cancel()
        await asyncio.gather(pressing, leaving, return_exceptions=True)


async def _left(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def main(fmt: str) -> None:
    """One record from stdin, as bytes to stdout. What is made here lives until the end, so nothing looks for cycles."""
    os.nice(5)
    gc.disable()
    record = msgspec.json.decode(sys.stdin.buffer.read(), type=Record)
    sys.stdout.buffer.write(import_module(f"assessments.reports.formats.{fmt}").render(record))


if __name__ == "__main__":
    main(sys.argv[1])
