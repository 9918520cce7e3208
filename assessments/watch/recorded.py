"""What the watch keeps: verdicts as they were recorded, those that took their place, and the day of each next look."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import asyncpg
import msgspec

from assessments.dossier import open_dossiers
from assessments.rules import Dossier
from assessments.tables import Assessment
from assessments.watch.acts import Act, first_acts
from assessments.watch.causes import Causes, fitted, raise_alerts
from assessments.watch.turns import History, Seen, Turn, Verdicts, told
from registry.journal import Book, Row
from registry.vocabulary import AlertKind, Outcome


class Recorded(msgspec.Struct, frozen=True):
    """A verdict as it stands recorded: its row, and what it says."""

    row: int
    version: int
    seen: Seen


Versions = dict[tuple[str, int | None], list[Dossier]]  # by key, as known at an entry, or now


class Standing(msgspec.Struct, frozen=True):
    """What a look rests on: its day, the newest entry and the law it read."""

    today: date
    newest: int
    law_version: str


async def recorded(at: asyncpg.Connection, keys: Sequence[str]) -> dict[int, dict[str, Recorded]]:
    """The verdicts on record of these transfers, by transfer and regime."""
    things = await at.fetch("select thing from transfer where key = any($1) and thing = id", keys)
    rows = await at.fetch(
        """select transfer, regime, id, version, outcome, path_outcome, basis, last_day, codes
        from assessment where until is null and transfer = any($1::bigint[])""",
        [row[0] for row in things],
    )
    found: dict[int, dict[str, Recorded]] = defaultdict(dict)
    for thing, regime, number, version, outcome, path, basis, last, codes in rows:
        one = Seen(Outcome(outcome), Outcome(path), basis, last, frozenset(codes or ()))
        found[thing][regime] = Recorded(number, version, one)
    return found


async def histories(at: asyncpg.Connection, keys: Sequence[str], concerned: dict[str, list[Act]], seen: int) -> list[History]:
    """The transfers with their dossiers as they were known at the last look, after each act in between, and now."""
    versions: Versions = {(key, None): found for key, found in _by_key(await open_dossiers(keys)).items()}
    asked: dict[int, list[str]] = defaultdict(list)
    for key in keys:
        for number in [seen, *(act.last for act in concerned[key][:-1])] if key in concerned else ():
            asked[number].append(key)
    for number, some in sorted(asked.items()):
        await at.execute(f"set local onward.known_on = '{number:d}'; set local search_path = known, public")
        versions |= {(key, number): found for key, found in _by_key(await open_dossiers(some)).items()}
        await at.execute("set local search_path = public")
    return [one for key in keys if (one := _history(key, concerned.get(key, []), versions, seen)) is not None]


def _history(key: str, made: Sequence[Act], versions: Versions, seen: int) -> History | None:
    places: list[int | None] = [seen, *(act.last for act in made[:-1]), None] if made else [None]
    found = [versions.get((key, place), []) for place in places]
    things = {one.thing for dossiers in found for one in dossiers}
    return History(key, things.pop(), found[0], list(zip(made, found[1:], strict=True))) if things else None


def _by_key(dossiers: Iterable[Dossier]) -> dict[str, list[Dossier]]:
    found: dict[str, list[Dossier]] = {}
    for one in dossiers:
        found.setdefault(one.key, []).append(one)
    return found


class Part(msgspec.Struct):
    """What is to be written of the transfers looked at together; `spans` are the acts by which transfers came.

    `new` counts the verdicts on transfers of which none was on record.
    """

    spans: dict[str, str] = {}
    rows: list[Row] = []
    ended: dict[date, list[tuple[int, int]]] = {}
    dues: dict[int, date | None] = {}
    bare: dict[int, list[Row]] = {}
    new: int = 0


def first_sight(part: Part, one: History, old: dict[str, Recorded], now: Verdicts, day: date, causes: Causes) -> None:
    """A verdict seen for the first time; what stops is told by the act that brought the transfer.

    Where the watch has lost its place (in a restore), verdicts are on record: what differs from them is told as of the day.
    """
    for regime, verdict in now.items():
        was = old.get(regime)
        if was is not None and was.seen == verdict:
            continue
        row = _row(one, regime, verdict, day, 0)
        if was is None and told(None, verdict):
            part.bare.setdefault(one.thing, []).append(row)
        elif was is not None and told(was.seen, verdict):
            cause = f"day:transfer:{one.key}:{day}"
            row["cause"] = causes.add(cause, AlertKind.VERDICT_CHANGED, [f"transfer {one.key} reached"], day)
            causes.changed.add(row["cause"])
        part.rows.append(row)
        part.new += not old
    gone = [(was.row, was.version) for regime, was in old.items() if regime not in now or now[regime] != was.seen]
    part.ended.setdefault(day, []).extend(gone)


def turned(part: Part, one: History, old: dict[str, Recorded], turns: Sequence[Turn], causes: Causes) -> None:
    """Each turn is a verdict on record, from its day until the next one."""
    by_regime: dict[str, list[Turn]] = {}
    for turn in turns:
        by_regime.setdefault(turn.regime, []).append(turn)
    for regime, some in by_regime.items():
        if regime in old:
            part.ended.setdefault(some[0].day, []).append((old[regime].row, old[regime].version))
        for place, turn in enumerate(some):
            why = turn.because
            cause = None
            if why:
                effect = why.effect if old else max(why.effect, turn.day)  # of a new flow, since when it is looked at
                cause = causes.add(why.cause, why.kind, why.subjects, effect, instrument=why.instrument)
            if turn.now is not None:
                row = _row(one, regime, turn.now, turn.day, place) | {"cause": cause}
                part.rows.append(row | ({"until": some[place + 1].day} if place + 1 < len(some) else {}))
                part.new += not old
            if cause and old:
                causes.changed.add(cause)


def gone(part: Part, left: dict[int, dict[str, Recorded]], day: date) -> None:
    """Transfers of which nothing stands any more: their verdicts end."""
    for thing, old in left.items():
        part.ended.setdefault(day, []).extend((was.row, was.version) for was in old.values())
        part.dues[thing] = None


def _row(one: History, regime: str, seen: Seen, day: date, place: int) -> Row:
    return {
        "key": f"{one.key}:{regime}:{day}:{place}",
        "transfer": one.thing,
        "regime": regime,
        "since": day,
        "outcome": seen.outcome,
        "path_outcome": seen.path_outcome,
        "basis": seen.basis,
        "last_day": seen.last_day,
        "codes": sorted(seen.codes),
        "cause": None,
    }


async def write(book: Book, part: Part, causes: Causes, rests: Standing) -> int:
    """Alerts first, then the verdicts that changed with them; returns how many verdicts were recorded."""
    by_act = await first_acts(book.at, list(part.bare), part.spans) if part.bare else {}
    for thing, rows in part.bare.items():
        for row in rows:
            said = f"transfer {row['key'].rsplit(':', 3)[0]} recorded"
            subject = said if "-" not in by_act[thing] else "flows recorded together"
            row["cause"] = causes.add(by_act[thing], AlertKind.VERDICT_CHANGED, [subject], rests.today)
    await raise_alerts(book, causes, rests.today, rests.newest, rests.law_version)
    for day, ended in sorted(part.ended.items()):
        await book.end(Assessment, ended, day)
    for row in part.rows:
        cause = row.pop("cause")
        row |= {"key": fitted(f"{row['key']}:{rests.newest}"), "alert": cause and causes.things[cause]}
        row |= {"rests_on": rests.newest, "law_version": rests.law_version}
    await book.record(Assessment, *part.rows)
    await _upsert(book.at, part.dues)
    return len(part.rows)


async def _upsert(at: asyncpg.Connection, dues: dict[int, date | None]) -> None:
    known = {thing: day for thing, day in dues.items() if day is not None}
    await at.execute("delete from due where transfer = any($1::bigint[])", [thing for thing in dues if thing not in known])
    await at.execute(
        "insert into due (transfer, day) select * from unnest($1::bigint[], $2::date[]) "
        "on conflict (transfer) do update set day = excluded.day",
        list(known),
        list(known.values()),
    )
