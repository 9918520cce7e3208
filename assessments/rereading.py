"""A verdict on record, read again: under the law that it was recorded with, and under the law that rules now.

The facts are those that had been read for it, the day is its first, and each law counts as published by then: what
differs is the law on file, and nothing else.
"""

from collections.abc import Sequence
from itertools import groupby

import asyncpg
import msgspec

from assessments.dossier import open_dossiers
from assessments.recorded import RecordedVerdict
from assessments.verdicts import Judge
from assessments.watch.turns import Seen, seen
from registry import adopted
from registry.database import as_known, read_past
from registry.law import LawError, Pack
from registry.vocabulary import Outcome

MOST = 60  # verdicts of one transfer that are read again, the latest


class Reread(msgspec.Struct, frozen=True):
    """What a verdict reads under its own law and under the present one; None: that law says nothing of it.

    `missing` says why it could not be read under its own law: then the recorded words stand for it.
    """

    then: Seen | None
    now: Seen | None
    missing: str = ""


async def reread(found: Sequence[RecordedVerdict], present: Pack) -> dict[str, Reread]:
    """Those of some verdicts that read otherwise under the present law than under their own, by their key."""
    older = [one for one in found if one.law_version != present.version and one.rests_on is not None][-MOST:]
    differing: dict[str, Reread] = {}
    if not older:
        return differing
    async with as_known(None) as at:
        laws = {version: await adopted_law(at, version) for version in {one.law_version or "" for one in older}}
        for rests_on, some in groupby(sorted(older, key=lambda one: one.rests_on or 0), key=lambda one: one.rests_on or 0):
            await read_past(at, rests_on)
            together = list(some)
            dossiers = await open_dossiers(sorted({one.transfer for one in together}))
            for one in together:
                own = [file for file in dossiers if file.key == one.transfer]
                law, missing = laws[one.law_version or ""]
                now = seen(own, Judge(present, one.since), one.since).get(one.regime)
                then = seen(own, Judge(law, one.since), one.since).get(one.regime) if law else _recorded(one)
                if then != now:
                    differing[one.key] = Reread(then, now, missing)
    return differing


async def adopted_law(at: asyncpg.Connection, version: str) -> tuple[Pack | None, str]:
    """The law of a fingerprint, or why there is none to read."""
    try:
        law = await adopted.of_version(at, version)
    except LawError as error:
        return None, str(error)
    return law, "" if law else "The law it was recorded with is not on file here: its own words stand for it."


def _recorded(one: RecordedVerdict) -> Seen:
    return Seen(Outcome(one.outcome), Outcome(one.path_outcome), one.basis, one.last_day, frozenset(one.codes or ()))
