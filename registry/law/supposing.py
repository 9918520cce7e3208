"""The law as it would stand if something happened to it: an instrument annulled or ended, another one adopted.

Every answer is another `Pack` in memory; no file is written, and the pack it came from stays as it was.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from registry.errors import Misused
from registry.law import Pack
from registry.law.files import Event, Instrument, LawError, Membership
from registry.law.unsound import faults, overlap

SAID = "supposed here, in no law"  # stands where a citation would
ANNULLED = "invalidated"
ENDED = {"clauses": "transition_end"}  # what ends clauses that were signed in time; all else ends by its own terms


def ended(pack: Pack, key: str, day: date, known_on: date, *, annulled: bool) -> Pack:
    """The pack in which an instrument is annulled, or else ends, with effect from a day.

    Raises Misused, naming the way out, for an instrument that there is not, a whole law, one that is not in force then or
    that nobody knew of.
    """
    one = pack.named(key)
    if one.kind == "regime":
        raise Misused(f"{one.title} is a law as a whole: name a decision, a framework or clauses under it")
    standing = pack.on(day, known_on).standing(key)
    if standing is None:
        first = min(event.known for event in one.events if event.what == "in_force")
        raise Misused(f"nobody knew of {one.title} on {known_on}: ask as known on {first} or later")
    if standing.code == "NOT_IN_FORCE":
        first = min(event.effect for event in one.events if event.what == "in_force")
        raise Misused(f"{one.title} is not in force yet on {day}: choose {first} or a later day")
    if standing.code is not None:
        raise Misused(f"{one.title} had ended by {day} already: choose a day on which it is in force, or another instrument")
    what = ANNULLED if annulled else ENDED.get(one.kind, "sunset")
    end = Event(citation=SAID, grade="M-l", verified_on=known_on, what=what, known=known_on, effect=day)  # type: ignore[arg-type]
    kept = tuple(event for event in one.events if event.what != what)
    return _with(pack, [msgspec.structs.replace(one, events=(*kept, end))])


def adopted(pack: Pack, instrument: Instrument, known_on: date) -> Pack:
    """The pack with one more instrument, published by the known day.

    Raises Misused for a key that is taken and for a decision where one stands already, LawError for what is unsound in it.
    """
    if instrument.key in pack.instruments:
        raise Misused(f"the key {instrument.key!r} is taken: give what is to be adopted another one")
    for one in pack.instruments.values() if instrument.kind == "adequacy" else ():
        if one.kind == "adequacy" and overlap(one, instrument):
            stands = pack.on(begins(instrument), known_on).standing(one.key)
            way_out = (
                f"suppose that {one.key} ends as well, from the same day, or leave this one out"
                if stands is not None and stands.code is None
                else "leave this one out, or choose a day on which that one stands and suppose that it ends"
            )
            raise Misused(f"{instrument.title}: there is one already, {one.title}: {way_out}")
    events = tuple(msgspec.structs.replace(event, known=min(event.known, known_on)) for event in instrument.events)
    scope = tuple(msgspec.structs.replace(one, known=min(one.known, known_on)) for one in instrument.scope)
    found = _with(pack, [msgspec.structs.replace(instrument, events=events, scope=scope)])
    for fault in faults(found.files):
        raise LawError(fault)
    return found


def decision(pack: Pack, country: str, regime: str, day: date) -> Instrument:
    """The simplest decision on adequacy: a whole country, under one law, from a day, without conditions.

    Raises Misused for a country at home under that law, and for no law on file, LawError for what is no country.
    """
    code = pack.country(country)
    laws = {law: one for one in pack.instruments.values() if one.kind == "regime" for law in one.regimes}
    if regime not in laws:
        raise Misused(f"no law is called {regime!r}: there are {', '.join(sorted(laws))}")
    view = pack.on(day, day)
    if view.own(regime, code) or any(isinstance(found, Membership) for found in view.inside(regime, code, "")):
        raise Misused(f"{code} needs no decision under {regime}: it is at home there: name another country, or another law")
    like = (one for one in pack.instruments.values() if one.kind == "adequacy" and regime in one.regimes)
    return Instrument(
        key=f"supposed-adequacy-{code}-{regime}".lower().replace("_", "-"),
        title=f"A decision on adequacy for {pack.own_names.get(code, code)}",
        kind="adequacy",
        citation=SAID,
        source=SAID,
        grade="M-l",
        verified_on=day,
        regimes=(regime,),
        articles={regime: next((one.articles[regime] for one in like), "45(1)")},
        countries=(code,),
        mechanism="ADEQUACY",
        events=(Event(citation=SAID, grade="M-l", verified_on=day, what="in_force", known=day, effect=day),),
    )


def read_instrument(path: Path) -> Instrument:
    """An instrument from a file in the format of README.md. Raises LawError, naming the file, for one that is unsound."""
    try:
        if path.exists() and not path.is_file():
            raise Misused(f"{path} is no file: name one, or a country such as BR")
        one = msgspec.toml.decode(path.read_bytes(), type=Instrument, strict=True)
    except OSError as error:
        raise Misused(f"{path}: cannot be read ({error.strerror}): name a file, or a country such as BR") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LawError(f"{path.name}: {error}: registry/law/README.md says what a file may hold") from error
    return msgspec.structs.replace(one, own=True)


def begins(instrument: Instrument) -> date:
    """The first day on which somebody may rely on it. Raises LawError where the file names none."""
    days = [event.effect for event in instrument.events if event.what == "in_force"]
    if not days:
        raise LawError(f"{instrument.key}: no event `in_force`: say when it comes into force")
    return min(days)


def _with(pack: Pack, changed: Iterable[Instrument]) -> Pack:
    instruments = {**pack.instruments, **{one.key: one for one in changed}}
    return Pack(msgspec.structs.replace(pack.files, instruments=instruments))
