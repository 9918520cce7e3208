"""The law between two looks: on each day as it was known then, and as it would stand without what came on that day."""

from collections.abc import Sequence
from datetime import date

from assessments.verdicts import Judge
from registry.law import ONE_DAY, Pack
from registry.law.changes import Change, known_days, without


class Published:
    """A judge from each day on which law became known; between two of them nobody could know more."""

    def __init__(self, pack: Pack, since: date, today: date) -> None:
        self.pack = pack
        days = sorted(day for day in known_days(pack) if since < day <= today)
        lasts = [*(day - ONE_DAY for day in days), today]
        self._judges = [(day, last, Judge(pack, last)) for day, last in zip([date.min, *days], lasts, strict=True)]
        self._lessened: dict[tuple[str, ...], Judge] = {}

    def judge(self, day: date) -> Judge:
        """The judge who knows the law as it was published by the day."""
        return next(judge for since, _, judge in reversed(self._judges) if since <= day)

    def after(self, day: date) -> date | None:
        """The next day on which law became known."""
        return next((since for since, _, _ in self._judges if since > day), None)

    def without(self, gone: Sequence[Change], day: date) -> Judge:
        """The judge of a day who never heard of these changes."""
        known = next(last for since, last, _ in reversed(self._judges) if since <= day)
        key = (known.isoformat(), *(one.cause for one in gone))
        if key not in self._lessened:
            self._lessened[key] = Judge(without(self.pack, gone), known)
        return self._lessened[key]
