"""Signals as dated files: strict in reading, both sides of every day, and no verdict that reads them."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from registry import law
from registry.law import signals
from registry.law.signals import Signal, Step, Warned, months_ahead, months_before, warned
from tests.support import environment

PACK = law.load()
ALL = {one.key: one for one in signals.load(PACK)}
ONE = timedelta(days=1)
STEPS = [(one, step) for one in ALL.values() for step in one.steps]
SUNSET = date(2031, 12, 27)


def causes(day: date, key: str) -> list[str]:
    return [one.cause for one in warned([ALL[key]], day)]


@pytest.mark.parametrize(("one", "step"), STEPS, ids=lambda x: getattr(x, "key", None) or str(x.known))
def test_nothing_is_known_before_its_day(one: Signal, step: Step) -> None:
    assert step not in one.heard(step.known - ONE)
    assert step in one.heard(step.known)
    assert one.on(step.known - ONE) != step
    assert one.on(step.known) == (None if step.settled else step)


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2030, 12, 26), None),
        (date(2030, 12, 27), 12),
        (date(2031, 6, 26), 12),
        (date(2031, 6, 27), 6),
        (date(2031, 9, 26), 6),
        (date(2031, 9, 27), 3),
        (date(2031, 11, 26), 3),
        (date(2031, 11, 27), 1),
        (SUNSET, 1),
        (SUNSET + ONE, None),
    ],
)
def test_the_sunset_for_the_united_kingdom_is_told_at_twelve_six_three_and_one_months(day: date, months: int | None) -> None:
    assert causes(day, "eu-adequacy-gb") == ([f"signal:eu-adequacy-gb:{SUNSET}:-{months}m"] if months else [])


@pytest.mark.parametrize(
    ("day", "cause"),
    [
        (date(2025, 6, 23), ["signal:eu-adequacy-gb:2025-06-27:-1m"]),
        (date(2025, 6, 24), ["signal:eu-adequacy-gb:2025-12-27:-12m"]),
        (date(2025, 12, 18), ["signal:eu-adequacy-gb:2025-12-27:-1m"]),
        (date(2025, 12, 19), []),
    ],
)
def test_an_end_that_is_put_off_is_told_as_it_was_known(day: date, cause: list[str]) -> None:
    """Extended on 24 June 2025 and renewed on 19 December 2025: what was expected before is expected no more."""
    assert causes(day, "eu-adequacy-gb") == cause


def test_a_bridge_that_a_decision_ended_is_settled_on_the_day_of_the_decision() -> None:
    assert causes(date(2021, 6, 27), "eu-uk-tca-bridge") == ["signal:eu-uk-tca-bridge:2021-06-30:-1m"]
    assert causes(date(2021, 6, 28), "eu-uk-tca-bridge") == []


def test_the_appeal_without_a_day_is_told_by_the_day_it_became_known() -> None:
    key = "eu-us-dpf-latombe"
    days = (date(2025, 9, 2), date(2025, 9, 3), date(2025, 12, 21), date(2025, 12, 22), date(2026, 6, 3), date(2026, 6, 4))
    told = [causes(day, key) for day in days]
    known = ["2025-09-03", "2025-09-03", "2025-12-22", "2025-12-22", "2026-06-04"]
    assert told == [[], *([f"signal:{key}:{day}"] for day in known)]


def test_what_was_heard_comes_the_latest_first_and_what_is_no_matter_now_keeps_nothing_else_from_being_told() -> None:
    latombe, day = ALL["eu-us-dpf-latombe"], date(2026, 11, 23)
    assert [step.known for step in latombe.heard(day)] == sorted((step.known for step in latombe.steps), reverse=True)
    (one,) = warned([ALL["eu-uk-tca-bridge"], latombe], day)
    assert (one.signal, one.ahead, one.day) == (latombe, 0, date(2026, 6, 4))


def test_an_end_lies_ahead_where_it_has_a_last_day_that_was_known_before() -> None:
    known, one = date(2025, 1, 1), PACK.instruments["eu-us-dpf"]
    ends = [
        msgspec.structs.replace(one.events[0], what=what, known=known, effect=effect)
        for what, effect in (("sunset", known + ONE), ("invalidated", known), ("superseded", known + ONE))
    ]
    pack = law.Pack(msgspec.structs.replace(PACK.files, instruments={
        one.key: msgspec.structs.replace(one, events=(*one.events, *ends))
    }))  # fmt: skip
    cited = {name: getattr(one.events[0], name) for name in ("citation", "grade", "verified_on")}
    ended = Step(what="it ended", known=known, settled=True, **cited)
    ahead = Step(what="it ends, by what is known now", known=known, expected=known, **cited)
    assert signals.sunsets(pack) == [
        Signal(
            key=one.key,
            title=one.title,
            kind="sunset",
            source=one.source,
            instruments=(one.key,),
            steps=(ahead, ended, ended),
        )
    ]


def test_where_only_the_month_is_known_its_first_day_counts() -> None:
    key = "eu-us-dpf-fisa-702"
    assert causes(date(2027, 1, 31), key) == [f"signal:{key}:2027-03-01:-3m"]
    assert causes(date(2027, 2, 1), key) == [f"signal:{key}:2027-03-01:-1m"]


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2031, 12, 31), 1, date(2031, 11, 30)),
        (date(2031, 12, 31), 3, date(2031, 9, 30)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2031, 1, 15), 1, date(2030, 12, 15)),
    ],
)
def test_months_before_a_day(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
    assert months_ahead(day, before) == months
    assert months_ahead(day, before - ONE) != months


def test_every_signal_is_cited_graded_and_verified() -> None:
    for one, step in STEPS:
        assert one.instruments, one.key
        assert step.citation, one.key
        assert step.verified_on <= date(2026, 11, 23), one.key
    assert {one.kind for one in ALL.values()} == {"litigation", "review", "sunset", "oversight"}


def test_a_signal_is_no_part_of_what_transfers_are_judged_by(folder: Path) -> None:
    """One more signal leaves the pack, its version and its files as they were."""
    (folder / "own" / "signals").mkdir(parents=True)
    (folder / "own" / "signals" / "suit.toml").write_text(WHOLE)
    before, files = law.load().version, law.load().sources
    with environment(ONWARD_LAW=str(folder / "own")):
        assert [one.key for one in signals.load(law.load()) if one.own] == ["suit"]
        assert law.load().version == before
        assert law.load().sources == files
    assert "suit" not in {one.key for one in signals.load(law.load())}


WHOLE = """
key = "suit"
title = "A suit"
kind = "litigation"
source = "https://court.example"
instruments = ["eu-us-dpf"]

[[steps]]
known = 2026-01-01
what = "it was brought"
expected = 2027-01-01
citation = "Somewhere"
grade = "M-l"
verified_on = 2026-01-02
"""
STEP, SAY = "step known 2026-01-01", "say what happened, and where it stands"
MONTH = "`by_month` goes with the first day of the month that is expected: write that day"
NAMELESS = "`title` or `source` is empty: say what it is, and where to look it up again"
WHERE = ": registry/law/README.md says what a file may hold"


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ('key = "suit"', 'key = "other"', "`key` is 'other', the file is named 'suit': make them the same"),
        (
            '"eu-us-dpf"',
            '"eu-us-dpx"',
            "`instruments`: no instrument is called 'eu-us-dpx': name one that is on file",
        ),
        ('instruments = ["eu-us-dpf"]', "instruments = []", "`instruments` is empty: name those that it concerns"),
        ('citation = "Somewhere"', 'citation = " "', f"{STEP}: `what` or `citation` is empty: {SAY}"),
        ('what = "it was brought"', 'what = " "', f"{STEP}: `what` or `citation` is empty: {SAY}"),
        ('citation = "Somewhere"', "", f"Object missing required field `citation` - at `$.steps[0]`{WHERE}"),
        ("expected = 2027-01-01", "expected = 2025-12-31", f"{STEP}: `expected` lies before `known`: mend one of them"),
        ("expected = 2027-01-01", "expected = 2027-01-02\nby_month = true", f"{STEP}: {MONTH}"),
        ("expected = 2027-01-01", "by_month = true", f"{STEP}: {MONTH}"),
        (
            "expected = 2027-01-01",
            "expected = 2027-01-01\nsettled = true",
            f"{STEP}: settled, and a day is expected: take one of them out",
        ),
        (
            'kind = "litigation"',
            'kind = "sunset"',
            "`kind` is sunset: that day stands in the instrument's own file, as an event; write it there",
        ),
        ("it was brought", "it was\\u0096", "'it was\\x96' holds a sign that cannot be read: take it out"),
        ('grade = "M-l"', 'grade = "M-x"', f"Invalid enum value 'M-x' - at `$.steps[0].grade`{WHERE}"),
        ("[[steps]]", 'colour = "red"\n[[steps]]', f"Object contains unknown field `colour`{WHERE}"),
        ("expected =", "colour = 1\nexpected =", f"Object contains unknown field `colour` - at `$.steps[0]`{WHERE}"),
        ('title = "A suit"', 'title = ""', NAMELESS),
        ("https://court.example", " ", NAMELESS),
        (WHOLE.partition("\n\n")[2], "steps = []", "no [[steps]]: say at least what became known, and when"),
        ("[[steps]]", WHOLE[WHOLE.index("[[steps]]") :] + "[[steps]]", "two steps became known on one day: make them one"),
    ],
)
def test_an_unsound_signal_is_refused_in_a_line_that_names_it(folder: Path, wrong: str, right: str, told: str) -> None:
    own = folder / "own"
    (own / "signals").mkdir(parents=True)
    (own / "signals" / "suit.toml").write_text(WHOLE.replace(wrong, right))
    with environment(ONWARD_LAW=str(own)), pytest.raises(law.LawError) as error:
        signals.load(law.load(), whole=True)
    assert str(error.value) == f"suit.toml: {told}"


def test_what_becomes_known_on_the_day_it_is_expected_is_no_fault(folder: Path) -> None:
    (folder / "signals").mkdir()
    (folder / "signals" / "suit.toml").write_text(WHOLE.replace("expected = 2027-01-01", "expected = 2026-01-01"))
    with environment(ONWARD_LAW=str(folder)):
        assert "suit" in {one.key for one in signals.load(law.load())}


def test_a_signal_about_what_an_older_law_lacks_is_left_out(folder: Path) -> None:
    """A register may go on with a law from before an instrument; its pages and its watch do not stop over a signal."""
    pack = law.load()
    older = law.Pack(msgspec.structs.replace(pack.files, instruments={
        key: one for key, one in pack.instruments.items() if key != "eu-us-dpf"
    }))  # fmt: skip
    assert {one.key for one in signals.load(pack)} > {one.key for one in signals.load(older)}


def test_a_key_of_ours_is_not_taken_by_an_own_file(folder: Path) -> None:
    own = folder / "own" / "signals"
    own.mkdir(parents=True)
    (own / "eu-us-dpf-pclob.toml").write_text(WHOLE.replace('key = "suit"', 'key = "eu-us-dpf-pclob"'))
    with environment(ONWARD_LAW=str(own.parent)), pytest.raises(law.LawError, match="its key is taken"):
        signals.load(law.load())


def test_a_warning_says_its_day() -> None:
    step = ALL["eu-us-dpf-latombe"].steps[0]
    assert Warned(ALL["eu-us-dpf-latombe"], step, 0).day == step.known
