"""Onward hops (Art. 28(2), 28(4)): one that was added, one that moved, one that nothing binds any more."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

import asyncpg

from assessments.dossier import STANDS
from assessments.watch.acts import Act, Met
from assessments.watch.causes import Causes
from registry.vocabulary import AlertKind, EntryKind

ADDED, MOVED, UNCOVERED = AlertKind.ONWARD_TRANSFER, AlertKind.ONWARD_MOVED, AlertKind.ONWARD_UNCOVERED


def hops_told(made: Sequence[Act], causes: Causes) -> None:
    """What acts did to the hops themselves: one alert for what an act did of one kind."""
    for act in made:
        found: dict[AlertKind, list[Met]] = defaultdict(list)
        for entry in act.entries:
            if entry.table == "sub_processing" and (kind := _kind(entry)) is not None:
                found[kind].append(entry)
        for kind, entries in found.items():
            processors = {entry.image["processor"] for entry in entries}
            cause = act.cause if act.single else f"{act.cause}:{kind}"
            effect = min(date.fromisoformat(entry.image["since"]) for entry in entries)
            party = processors.pop() if len(processors) == 1 else None
            causes.add(cause, kind, [entry.said for entry in entries], effect, party=party)


def notices_told(made: Sequence[Act], causes: Causes) -> None:
    """Each notice of a vendor is told by itself: periods may run from it."""
    for act in made:
        for entry in act.entries:
            if entry.table == "notice" and entry.kind == EntryKind.RECORDED:
                cause, effect = f"entry:{entry.sequence}", date.fromisoformat(entry.image["since"])
                causes.add(cause, AlertKind.NOTICE_RECEIVED, [entry.said], effect, vendor=entry.image["vendor"])


def _kind(entry: Met) -> AlertKind | None:
    """What became of a hop; None where it ended, or where nothing that binds or places it changed."""
    image, before = entry.image, entry.before
    if entry.kind == EntryKind.RECORDED:
        return ADDED
    if entry.kind in {EntryKind.ERASED, EntryKind.VOIDED} or before is None:
        return None
    if image["sub_processor"] != before["sub_processor"] or image["processor"] != before["processor"]:
        return ADDED
    if image["country"] != before["country"] or image["how"] != before["how"]:
        return MOVED
    if before["bound_alike"] and not image["bound_alike"]:
        return UNCOVERED
    return None


async def uncovered(at: asyncpg.Connection, made: Sequence[Act], since: date, today: date, causes: Causes) -> None:
    """Hops whose clauses went and for which no others stand: by an act that ended them, or on the day they ended."""
    lost = dict(_clauses_lost(made))
    rows = await at.fetch(
        f"""select distinct s.key, s.until, s.exporter, s.instrument, s.id
        from safeguard s join sub_processing h on h.processor = s.exporter and h.sub_processor = s.importer
            and {STANDS.replace("until", "h.until").replace("since", "h.since")}
            and h.since <= $2 and (h.until is null or h.until > $2)
        where (s.id = any($3::bigint[]) or (s.state = 'signed' and s.until > s.since and s.until > $1 and s.until <= $2))
            and not exists (select from safeguard o where o.exporter = s.exporter and o.importer = s.importer
                and o.state = 'signed' and o.since <= $2 and (o.until is null or o.until > $2))
        order by s.key""",
        since,
        today,
        list(lost),
    )
    for key, until, processor, instrument, number in rows:
        act, cause = lost.get(number), f"day:safeguard:{key}:{until}"
        if act is not None and (until is None or until <= max(act.day, since)):
            cause = act.cause if act.single else f"{act.cause}:{UNCOVERED}"
        more = {"party": processor, "instrument": instrument}
        causes.add(cause, UNCOVERED, [f"safeguard {key} ended"], until or today, **more)


def _clauses_lost(made: Sequence[Act]) -> Iterator[tuple[int, Act]]:
    """The clauses that acts took away, by the id of their row."""
    for act in made:
        for entry in act.entries:
            before = entry.before
            if entry.table == "safeguard" and before is not None and before["state"] == "signed":
                voided = entry.image["until"] == entry.image["since"]
                if voided or entry.image["state"] != "signed" or entry.image["until"] is not None:
                    yield entry.image["id"], act
