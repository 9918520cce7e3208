"""Alerts in plain words: what changed, why it matters, what to do."""

from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from assessments.dossier import STANDS
from registry.database import fetch
from registry.law import Pack

FOLDER = Path(__file__).parent.parent / "templates" / "alerts"


class Shown(msgspec.Struct, frozen=True):
    """An alert as a person reads it."""

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
    transfers: int
    state: str


@cache
def sentences(language: str = "en") -> dict[str, dict[str, str]]:
    return msgspec.toml.decode((FOLDER / f"{language}.toml").read_bytes(), type=dict[str, dict[str, str]])


async def alerts(pack: Pack, keys: list[str] | None = None) -> list[Shown]:
    """The alerts of these keys, or all of them, in the order in which they were raised."""
    rows = await fetch(
        f"""select a.key, a.kind, a.since, a.effect, a.cause, coalesce(a.subject, ''), v.key, p.name, a.instrument,
            coalesce(n.count, 0), a.until
        from alert a left join vendor v on v.id = a.vendor left join party p on p.id = v.party
        left join (select alert, count(distinct transfer) from assessment where alert is not null group by alert) n
            on n.alert = a.thing
        where {STANDS.replace("until", "a.until").replace("since", "a.since")} and ($1::text[] is null or a.key = any($1))
        order by a.since, a.id""",
        keys,
    )
    return [_shown(pack, *row) for row in rows]


def _shown(
    pack: Pack,
    key: str,
    kind: str,
    since: date,
    effect: date | None,
    cause: str,
    subject: str,
    vendor: str | None,
    name: str | None,
    instrument: str | None,
    count: int,
    until: date | None,
) -> Shown:
    named = pack.instruments.get(instrument or "")
    given = {
        "subject": subject.strip() or cause,
        "effect": effect or since,
        "vendor": name or vendor or "a vendor",
        "instrument": named.title if named else instrument or "not recorded",
        "count": "1 transfer" if count == 1 else f"{count} transfers",
    }
    said = {part: words.format_map(given) for part, words in sentences()[kind].items()}
    state = "open" if until is None else "dealt with"
    return Shown(key, kind, since, effect, cause, subject, **said, vendor=vendor, transfers=count, state=state)
