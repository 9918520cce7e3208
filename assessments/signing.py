"""What is made for a reader is signed first, where it can be; where it cannot, it goes out all the same, and says so itself."""

import logging

import asyncpg

from registry import checkpoints, database, settings
from registry.errors import Refused

LOG = logging.getLogger("onward")


async def signed() -> None:
    """Signs the journal, so that what is made next can be proved (`checkpoints.marks`).

    Without room for the journal, or a key (`checkpoints.signed`), nothing is written and nothing raised: a checkpoint that
    is there already may cover what is made.
    """
    if settings.no_room():
        return
    try:
        await checkpoints.signed()
    except (asyncpg.DiskFullError, Refused) as error:
        if isinstance(error, Refused) and not settings.no_room():
            raise
        LOG.warning("nothing was signed: %s", database.told(error))
