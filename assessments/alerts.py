"""Alerts in plain words: what changed, why it matters, what to do. Keys and ISO days stand in their JSON alone."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from assessments.changed import Change, Flow, changes_of
from assessments.dossier import STANDS
from assessments.named import Named, named
from assessments.wording import written
from registry.database import connection
from registry.law import Pack
from registry.vocabulary import AlertKind, NoticeKind

FOLDER = Path(__file__).parent.parent / "templates" / "alerts"
FLOWS = 5  # so many flows and so many changes are listed; of the others it is said how many they are

_BEFORE = """select from assessment b where b.transfer = s.transfer and (b.until is null or b.until >= s.since)
    and (b.rests_on < s.rests_on or b.regime = s.regime and b.id < s.id)"""  # a verdict that stood until this one


class Shown(msgspec.Struct, frozen=True):
    """An alert as a person reads it; `transfers` counts them all, `flows` names the first few, and `changes` says of each
    kind of change from which verdict to which, with the flows that it touched."""

    key: str
    kind: str
    since: date
    effect: date | None
    cause: str
    subject: str
    title: str
    what: str
    why: str
    todo: str
    vendor: str | None
    vendor_name: str | None
    transfers: int
    flows: tuple[Flow, ...]
    more_flows: int
    changes: tuple[Change, ...]
    more_changes: int
    state: str


@cache
def sentences(language: str = "en") -> dict[str, dict[str, str]]:
    return msgspec.toml.decode((FOLDER / f"{language}.toml").read_bytes(), type=dict[str, dict[str, str]])


async def alerts(pack: Pack, keys: list[str] | None = None, *, dealt_with: bool = True) -> list[Shown]:
    """The alerts of these keys, or all of them, in the order in which they were raised; or only those nobody dealt with."""
    at = connection()
    rows = await at.fetch(
        f"""select a.key, a.kind, a.since, a.effect, a.cause, coalesce(a.subject, '') as subject, v.key as vendor,
            (select p.name from party p where p.thing = v.party order by p.since desc limit 1) as vendor_name,
            a.instrument, coalesce(n.count, 0) as count, coalesce(n.new, 0) as new, a.until, a.thing,
            case when a.kind = '{AlertKind.NOTICE_RECEIVED}' and a.cause ~ '^entry:[0-9]+$' then (select e.image->>'kind'
                from public.journal_entry e where e.sequence = substring(a.cause from 7)::bigint) end as notice,
            a.kind = '{AlertKind.NOTICE_RECEIVED}' and a.cause ~ '^entry:[0-9]+$' and exists (
                select from public.journal_entry e join notice o on o.thing = (e.image->>'thing')::bigint
                where e.sequence = substring(a.cause from 7)::bigint and o.kind = '{NoticeKind.AUTHORITY_REQUEST}'
                and o.disclosed and coalesce(o.agreement, '') = '' and (o.until is null or o.until > o.since)) as disclosed
        from alert a left join vendor v on v.id = a.vendor
        left join (select alert, count(distinct transfer), count(distinct transfer) filter (where not exists ({_BEFORE})) as new
            from assessment s where alert is not null group by alert) n on n.alert = a.thing
        where {STANDS.replace("until", "a.until").replace("since", "a.since")} and ($1::text[] is null or a.key = any($1))
        and ($2 or a.until is null) order by a.since, a.id""",
        keys,
        dealt_with,
    )
    called = await named(at, [row["subject"] for row in rows], pack.on(date.max, date.max))
    changes = await changes_of(at, [row["thing"] for row in rows if row["count"]], pack)
    return [_shown(pack, row, called, changes.get(row["thing"], ())) for row in rows]


def _sentences(row: asyncpg.Record, changes: Sequence[Change]) -> dict[str, str]:
    """Those of an alert's kind; a notice has its own where there are some for what it is about, as it stands on record now,
    and so has a verdict on transfers that are new, or one by which nothing has to stop."""
    if row["disclosed"]:
        return sentences()["notice_disclosed"]
    if row["kind"] == AlertKind.APPROVAL_ENDING and row["effect"] < row["since"]:
        return sentences()["approval_ended"]
    if row["kind"] == AlertKind.VERDICT_CHANGED and changes:
        return sentences()[_way(changes, new=row["new"] == row["count"])]
    return sentences().get(f"notice_{row['notice']}") or sentences()[row["kind"]]


def _way(changes: Sequence[Change], *, new: bool) -> str:
    """Which way the verdicts went, all of an alert taken together."""
    ahead, better = [one.goes_ahead for one in changes], all(one.better for one in changes)
    if all(ahead):
        return "verdict_good" if all(one.freed for one in changes) else "verdict_other"
    if new:
        return "transfer_new"
    if better:
        return "verdict_better"
    return "verdict_mixed" if any(ahead) else "verdict_changed"


def _shown(pack: Pack, row: asyncpg.Record, called: Named, changes: Sequence[Change]) -> Shown:
    instrument, count, subject = pack.instruments.get(row["instrument"] or ""), row["count"], row["subject"].strip()
    mixed = 0 < row["new"] < count
    said = called.said(subject) if subject else "the day came on which it begins"
    given = {
        "subject": said,
        "Subject": said[:1].upper() + said[1:],
        "effect": written(row["effect"] or row["since"]),
        "vendor": row["vendor_name"] or row["vendor"] or "a vendor",
        "instrument": instrument.title if instrument else row["instrument"] or "not recorded",
        "also": f" With it the verdict of today changed on {count} of the flows." if count else "",
        "count": ("1 transfer" if count == 1 else f"{count} transfers") + (f" ({row['new']} of them new)" if mixed else ""),
        "fresh": "1 new transfer" if count == 1 else f"{count} new transfers",
        "stop": "" if changes and all(one.goes_ahead for one in changes) else " Where nothing carries a flow today, stop it.",
    }
    words: dict[str, Any] = {part: sentence.format_map(given) for part, sentence in _sentences(row, changes).items()}
    plain: dict[str, Any] = {
        name: row[name] for name in ("key", "kind", "since", "effect", "cause", "subject", "vendor", "vendor_name")
    }
    state = "open" if row["until"] is None else "dealt with"
    flows = sorted({flow for one in changes for flow in one.flows}, key=lambda flow: flow.transfer)[:FLOWS]
    return Shown(
        **plain,
        **words,
        transfers=count,
        flows=tuple(flows),
        more_flows=count - len(flows),
        changes=tuple(changes[:FLOWS]),
        more_changes=max(0, len(changes) - FLOWS),
        state=state,
    )
