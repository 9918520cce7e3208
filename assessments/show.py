"""How pages say things: days, countries, outcomes, the words of the field."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_datetime

from assessments import wording
from assessments.assess import Clocks
from registry import forms, law, schema
from registry.law import ONE_DAY
from registry.questions import QUESTIONS
from registry.vocabulary import Outcome

SAID = {
    Outcome.NOT_PERMITTED: "Not permitted",
    Outcome.UNDETERMINED: "Undetermined",
    Outcome.MEASURES_REQUIRED: "Measures required",
    Outcome.PERMITTED: "Permitted",
    Outcome.NO_TRANSFER: "No transfer abroad",
}


def day(value: date | None) -> str:
    """A day as people write it."""
    return format_date(value, "d MMM y", locale="en") if value else "no end known"


def moment(value: datetime) -> str:
    return f"{format_datetime(value, 'd MMM y, HH:mm', locale='en')} UTC"


def country(code: str) -> str:
    return wording.country_name(code, law.load().on(date.max, date.max))


def word(value: Any) -> str:
    """A stored word as a person reads it."""
    if value is None or value in ("", [], ()):
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(word(one) for one in value)
    return str(value)


def plain(value: str | None) -> str:
    """One of the vocabulary's words, its underscores as spaces."""
    return forms.plain(value or "not_recorded")


def among(value: list[str] | None) -> str:
    """Those of the vocabulary that are recorded: an empty list says that there are none."""
    return "not recorded" if value is None else ", ".join(plain(one) for one in value) or "none"


def condition(one: law.Scope) -> str:
    """What an instrument asks about a fact, as people read it."""
    asked = plain(one.fact)
    if one.demands is not None:
        return f"{asked}: {'yes' if one.demands else 'no'}"
    if one.denies is not None:
        return f"{asked}: not {'yes' if one.denies else 'no'}"
    if one.none_of:
        return f"{asked}: none of {', '.join(plain(word) for word in one.none_of)}"
    limits = [f"at least {one.at_least:,}"] if one.at_least is not None else []
    return f"{asked}: {' and '.join([*limits, *([f'at most {one.at_most:,}'] if one.at_most is not None else [])])}"


def outcome(value: str | None) -> str:
    return SAID[Outcome(value)] if value else "Not judged"


def title(key: str | None) -> str:
    """An instrument by its title."""
    one = law.load().instruments.get(key) if key else None
    return one.title if one else {"eea": "the European Economic Area"}.get(key or "", key) or "nothing"


def ended(key: str, clocks: Clocks) -> date | None:
    """The last day of an instrument that had ended in law by the day; None for one that had not, or is none of the law's."""
    view = law.load().on(clocks.as_of, clocks.known_on)
    standing = view.standing(key) if view.instrument(key) else None
    return standing.last_day if standing and standing.last_day and standing.last_day < clocks.as_of else None


def last_day(until: date | None) -> str:
    """The last day of a half-open period."""
    return day(until - ONE_DAY if until else None)


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 1024))} KB"


def help_text(table: str, column: str) -> str:
    return str(schema.columns(schema.by_name()[table])[column]._meta.help_text)


def question(table: str, column: str) -> str:
    """What is asked for a column, in everyday words."""
    return QUESTIONS[table][column][0]


FOR_TEMPLATES: dict[str, Callable[..., Any]] = {
    "day": day,
    "moment": moment,
    "country": country,
    "word": word,
    "plain": plain,
    "among": among,
    "outcome": outcome,
    "title": title,
    "regime": wording.law_name,
    "ended": ended,
    "last_day": last_day,
    "condition": condition,
    "size": size,
    "help_text": help_text,
    "question": question,
}
