"""The clock that says "look": correctness never rests on it, claims in the database hold it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from assessments.deliveries import deliver
from assessments.handing_out import hand_out
from assessments.watch import look
from registry import database, embedded, journal, law, settings

LOOK_EVERY = timedelta(minutes=1)  # a look at what is new costs little
UP_EVERY = timedelta(seconds=2)
DELIVER_EVERY = timedelta(minutes=1)
HAND_OUT_EVERY = timedelta(minutes=30)  # looks whether a checkpoint is due; how often one is, ONWARD_CHECKPOINT_HOURS says

log = logging.getLogger("onward")


def clockwork(look_every: timedelta = LOOK_EVERY, deliver_every: timedelta = DELIVER_EVERY) -> AsyncIOScheduler:
    """Looks at the start and every minute, delivers as often, hands out checkpoints, once it is started in the loop of
    the open register.

    One look and one delivery at a time; what was missed is done once. Neither waits for the other.
    """
    clock = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    clock.add_listener(_failed, EVENT_JOB_ERROR)
    logging.getLogger("apscheduler.executors.default").addFilter(_is_a_failure)
    start = datetime.now(UTC)
    clock.add_job(watch, "interval", seconds=look_every.total_seconds(), id="watch", next_run_time=start)
    clock.add_job(hand_out, "interval", seconds=HAND_OUT_EVERY.total_seconds(), id="checkpoints", next_run_time=start)
    clock.add_job(send, "interval", seconds=deliver_every.total_seconds(), id="deliver")
    if settings.database_url() is None:
        clock.add_job(keep_up, "interval", seconds=UP_EVERY.total_seconds(), id="server")
    return clock


async def keep_up() -> None:
    """Starts our own PostgreSQL again where it went down, as it does when its log finds no room on the disk."""
    if not embedded.running(settings.home()):
        log.error("the embedded PostgreSQL is down: it is started again")
        await asyncio.to_thread(embedded.start, settings.home())
        log.error("the embedded PostgreSQL is up again")


async def send() -> None:
    """Delivers what is due, in the words of the law that rules now."""
    await database.follow_law()
    await deliver(law.load())


async def watch() -> None:
    """A look with today; on a demo with the day at which its clock stands. One that fails says so, and the next one comes."""
    try:
        async with database.as_known(None) as at:
            today = await journal.today(at)
        await database.follow_law()
        await look(today, law.load())
    except Exception as error:  # of the watch's loop: whatever it is, it is recorded for the doctor
        log.exception("a look failed")
        await _told(f"{type(error).__name__}: {error}"[:400])
    else:
        await _told("")


async def _told(error: str) -> None:
    """Keeps for the doctor and the page of alerts whether the last look failed."""
    async with database.transaction() as at:
        await at.execute(
            "insert into watched (id, sequence, day, law_version, failed, error) values (1, 0, null, '', now(), $1) "
            "on conflict (id) do update set error = $1, failed = case when $1 = '' then null else now() end "
            "where watched.error <> $1 or $1 <> ''",
            error,
        )


def _is_a_failure(record: logging.LogRecord) -> bool:
    """What was under way when the server was told to end has not failed: the next start does it."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _failed(event: JobExecutionEvent) -> None:
    if not isinstance(event.exception, asyncio.CancelledError):
        log.error("the job %s failed: %r", event.job_id, event.exception)
