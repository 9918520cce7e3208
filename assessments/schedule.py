"""The clock that says "look": correctness never rests on it, claims in the database hold it."""

import logging
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from assessments.deliveries import deliver
from assessments.watch import look
from registry import database, journal
from registry.law import Pack

log = logging.getLogger("onward")


def clockwork(pack: Pack) -> AsyncIOScheduler:
    """Looks every ten minutes and delivers every minute, once it is started in the loop that opened the register."""
    clock = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    clock.add_listener(_failed, EVENT_JOB_ERROR)
    clock.add_job(watch, "interval", [pack], minutes=10, id="watch", next_run_time=datetime.now(UTC))
    clock.add_job(deliver, "interval", [pack], minutes=1, id="deliver")
    return clock


async def watch(pack: Pack) -> None:
    """A look with today; on a demo with the day at which its clock stands."""
    async with database.as_known(None) as at:
        demo = await journal.is_demo(at)
        stands = await at.fetchval("select clock from journal_head") if demo else None
    await look((stands or datetime.now(UTC)).astimezone(UTC).date(), pack)


def _failed(event: JobExecutionEvent) -> None:
    log.error("the job %s failed: %r", event.job_id, event.exception)
