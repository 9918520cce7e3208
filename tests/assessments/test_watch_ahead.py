"""What comes nearer: signals of the law where a flow rests on them, dossiers that moved, next looks, old look-ups."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments import impacts
from assessments.watch import look
from registry import database, law, reverified
from registry.errors import Refused
from registry.law import verified
from registry.web import now
from tests.support import Register, a_register, environment

SINCE = "2018-05-25"
TODAY = now().date()
KINDS = {"signal_known", "signal_ahead"}


def seen(register: Register, day: str, kinds: set[str]) -> list[dict[str, Any]]:
    alerts = register.do(lambda: look(date.fromisoformat(day), law.load())).alerts
    return [row for row in alerts if row["kind"] in kinds]


def causes(register: Register, day: str, kinds: set[str] = KINDS) -> list[str]:
    return sorted(row["cause"] for row in seen(register, day, kinds))


def to_britain() -> dict[str, list[dict[str, Any]]]:
    """A leg to the United Kingdom, which rests on its decision alone."""
    tables = a_register()
    tables["party"][1] |= {"country": "GB"}
    tables["transfer"][0] |= {"country": "GB"}
    return tables | {"certification": []}


def on_the_dpf(**more: Any) -> dict[str, list[dict[str, Any]]]:
    listing = {"key": "dpf", "party": "mailer", "framework": "eu-us-dpf", "status": "active", "covers_hr": True}
    return a_register(certification=[listing | {"covers_non_hr": True, "since": "2023-07-17"}], **more)


def assessed(key: str = "tia", **more: Any) -> dict[str, Any]:
    row = {"key": key, "exporter": "house", "importer": "mailer", "country": "US", "outcome": "ok", "since": "2025-12-23"}
    return row | more


def test_a_sunset_is_told_at_each_of_its_months_and_at_no_other_day(register: Register, folder: Path) -> None:
    register.load(to_britain(), folder)
    days = ("2030-12-26", "2030-12-27", "2030-12-28", "2031-06-26", "2031-06-27", "2031-09-27", "2031-11-27", "2031-12-01")
    told = [causes(register, day) for day in days]
    ahead = [[f"signal:eu-adequacy-gb:2031-12-27:-{months}m"] if months else [] for months in (0, 12, 0, 0, 6, 3, 1, 0)]
    assert told == ahead
    (one,) = [one for one in register.answer("alerts") if one["cause"].endswith("-12m")]
    assert "27 December 2031" in one["title"]
    assert "(EU) 2025/2574" in one["what"]
    assert "1 flow rests on it" in one["what"]
    assert "No verdict changes" in one["why"]


def test_a_look_that_comes_late_tells_the_nearest_month_alone(register: Register, folder: Path) -> None:
    register.load(to_britain(), folder)
    assert causes(register, "2031-10-15") == ["signal:eu-adequacy-gb:2031-12-27:-3m"]


def test_a_signal_is_told_only_where_a_flow_rests_on_what_it_concerns(register: Register, folder: Path) -> None:
    register.load(to_britain(), folder)
    assert causes(register, "2026-11-23") == [], "no flow of ours rests on the framework"


def test_the_appeal_is_told_once_when_it_is_known_and_again_by_what_becomes_known(register: Register, folder: Path) -> None:
    register.load(on_the_dpf(), folder)
    told = [
        [cause for cause in causes(register, day) if "latombe" in cause]
        for day in ("2025-09-02", "2025-09-03", "2025-09-04", "2025-12-22", "2026-06-03", "2026-06-04", "2026-11-23")
    ]
    key = "signal:eu-us-dpf-latombe:"
    assert told == [[], [f"{key}2025-09-03"], [], [f"{key}2025-12-22"], [], [f"{key}2026-06-04"], []]


def test_a_rehearsal_names_the_signals_and_writes_nothing(register: Register, folder: Path) -> None:
    register.load(on_the_dpf(), folder)
    said = register.onward("watch", "--on", "2026-11-23")
    assert "signal_known: signal:eu-us-dpf-latombe:2026-06-04: " in said
    assert "signal_ahead: signal:eu-us-dpf-review:2027-10-09:-12m: " in said
    assert register.answer("alerts") == []


SUIT = """
key = "suit"
title = "A suit"
kind = "litigation"
source = "https://court.example"
instruments = ["eu-us-dpf"]

[[steps]]
known = 2024-01-01
what = "it was brought"
expected = 2025-01-01
citation = "Somewhere"
grade = "M-l"
verified_on = 2026-01-02
"""


def test_a_signal_changes_no_verdict(register: Register, folder: Path) -> None:
    """The same register with one more signal answers alike on every day around the signal's own, and warns."""
    register.load(on_the_dpf(), folder)
    own = folder / "own"
    (own / "signals").mkdir(parents=True)
    (own / "signals" / "suit.toml").write_text(SUIT)
    for day in ("2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01", "2025-01-02"):
        before = register.answer("assess", "--as-of", day)
        with environment(ONWARD_LAW=str(own)):
            assert register.answer("assess", "--as-of", day) == before, day
            changed = register.do(lambda day=day: look(date.fromisoformat(day), law.load()))  # type: ignore[misc]
        assert changed.assessments == (1 if day == "2023-12-31" else 0), day
    assert {"signal:suit:2025-01-01:-12m", "signal:suit:2025-01-01:-1m"} <= {one["cause"] for one in register.answer("alerts")}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (assessed(dossier_version="US 2025-12-22"), ["dossier:US:2025-12-22:2026-06-04"]),
        (assessed(dossier_version="US 2025-12-22", draft=True), []),
        (assessed(dossier_version="US 2025-12-22", until="2026-06-04"), []),
        (assessed(dossier_version="a study of our own"), []),
        (assessed(), []),
    ],
    ids=["cited", "draft", "ended", "own words", "none"],
)
def test_a_dossier_that_moves_is_told_on_its_day_with_the_paragraph(
    register: Register, folder: Path, row: dict[str, Any], told: list[str]
) -> None:
    register.load(on_the_dpf(impact_assessment=[row]), folder)
    assert causes(register, "2026-06-03", {"dossier_moved"}) == []
    assert causes(register, "2026-06-04", {"dossier_moved"}) == told
    assert causes(register, "2026-06-05", {"dossier_moved"}) == []
    if told:
        (one,) = [one for one in register.answer("alerts") if one["kind"] == "dossier_moved"]
        assert "paragraph 5 (The framework before the courts of the Union)" in one["what"]
        assert "the impact assessment of Mailer, Inc. in United States" in one["what"]


def test_one_alert_tells_all_assessments_on_a_version_and_none_that_another_replaced(register: Register, folder: Path) -> None:
    old = assessed("old", dossier_version="US 2025-09-03", since="2025-09-10")
    new = assessed("new", dossier_version="US 2025-12-22")
    register.load(on_the_dpf(impact_assessment=[old, new]), folder)
    assert causes(register, "2025-12-22", {"dossier_moved"}) == ["dossier:US:2025-09-03:2025-12-22"]
    assert causes(register, "2026-06-12", {"dossier_moved"}) == ["dossier:US:2025-12-22:2026-06-12"]


def test_many_assessments_on_a_version_are_counted_and_a_few_named(register: Register, folder: Path) -> None:
    """Free text that reads like something older is no version, and is not counted."""
    parties = [{"key": f"p{n}", "name": f"Party {n}", "country": "US", "since": SINCE} for n in range(6)]
    rows = [assessed(f"tia-{n}", importer=f"p{n}", dossier_version="US 2025-12-22") for n in range(5)]
    rows.append(assessed("own", importer="p5", dossier_version="A study"))
    tables = on_the_dpf(impact_assessment=rows)
    tables["party"] += parties
    register.load(tables, folder)
    (row,) = seen(register, "2026-06-04", {"dossier_moved"})
    assert row["subject"].endswith("impact_assessment tia-2 due; and 2 assessments more")

    async def counted() -> tuple[int, int, list[str]]:
        async with database.as_known(None) as at:
            pack, day = law.load(), date(2026, 6, 4)
            found = await impacts.aged(at, pack, day, sought="party 3")
            count = [await impacts.how_many(at, pack, when) for when in (date(2026, 6, 3), day)]
            return count[0], count[1], [one.key for one in found]

    assert register.do(counted) == (0, 5, ["tia-3"])


def test_the_next_look_is_told_thirty_days_ahead_and_once_when_it_is_past(register: Register, folder: Path) -> None:
    register.load(on_the_dpf(impact_assessment=[assessed(next_review="2026-03-31")]), folder)
    kinds = {"impact_review_due", "impact_review_overdue"}
    days = ("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-31", "2026-04-01", "2026-04-02")
    told = [[row["kind"] for row in seen(register, day, kinds)] for day in days]
    assert told == [[], ["impact_review_due"], [], [], ["impact_review_overdue"], []]


def test_a_draft_counts_in_no_verdict(register: Register, folder: Path) -> None:
    """Clauses without an assessment do not carry the flow; neither do they with a draft, whatever it says."""
    clauses = {"key": "scc", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2"}
    clauses |= {"concluded_on": "2022-01-01", "rank": "primary", "state": "signed", "since": "2022-01-01"}
    register.load(a_register(certification=[], safeguard=[clauses]), folder)

    def outcome() -> str:
        return str(register.answer("assess", "--as-of", "2026-01-01")[0]["outcome"])

    assert outcome() == "not_permitted"
    register.load({"impact_assessment": [assessed(draft=True)]}, folder)
    assert outcome() == "not_permitted"
    finished = {"key": "tia", "draft": False, "entry": {"kind": "corrected", "why": "finished"}}
    register.load({"impact_assessment": [finished]}, folder)
    assert outcome() == "permitted"


def test_old_look_ups_are_told_once_a_month_while_flows_rest_on_them(register: Register, folder: Path) -> None:
    register.load(to_britain(), folder)
    days = ("2027-01-05", "2027-01-06", "2027-01-31", "2027-02-01", "2027-02-28")
    told = [causes(register, day, {"law_unverified"}) for day in days]
    assert told == [[], ["law-unverified:2027-01"], [], ["law-unverified:2027-02"], []]
    (one, _) = [one for one in register.answer("alerts") if one["kind"] == "law_unverified"]
    assert "Adequacy decision for the United Kingdom, (EU) 2025/1226" in one["what"]
    assert "Brazil" not in one["what"], "no flow rests on the decision for Brazil"


def test_what_an_assessment_cites_is_among_what_is_looked_up(register: Register, folder: Path) -> None:
    cites = assessed(dossier_version="US 2026-07-31", since="2026-08-01")
    register.load(to_britain() | {"impact_assessment": [cites]}, folder)
    (row,) = seen(register, "2027-03-01", {"law_unverified"})
    assert "United States, PCLOB, without a quorum" in row["subject"], row["subject"]
    register.load({"impact_assessment": [{"key": "tia", "until": "2027-03-15", "entry": {"kind": "changed"}}]}, folder)
    (other,) = seen(register, "2027-04-01", {"law_unverified"})
    assert "United States" not in other["subject"]


def test_a_look_up_that_is_recorded_ends_the_reminder(register: Register, folder: Path) -> None:
    register.load(to_britain(), folder)
    name = "eu-adequacy-gb sunset 2025-12-28"
    register.onward("law", "verified", name, "--on", str(TODAY), "--seen", "EUR-Lex")
    (row,) = register.ask("select * from reverification")
    assert (row["fact"], row["verified_on"]) == (name, TODAY)
    later = register.do(lambda: _recorded(date(2027, 3, 1)))
    assert later == {name: TODAY}
    due = {one.fact for one in verified.overdue(law.load(), date(2027, 1, 7), later)}
    assert name not in due
    assert "eu-adequacy-gb scope purpose" in due


async def _recorded(by: date) -> dict[str, date]:
    async with database.as_known(None) as at:
        return await reverified.recorded(at, by)


@pytest.mark.parametrize(
    ("fact", "on", "told"),
    [
        ("eu-adequacy-gb", "2026-10-08", "it was looked up on 2026-10-08 already"),
        ("eu-adequacy-gb", "2026-10-07", "name a later day"),
        ("eu-adequacy-gb", "2999-01-01", "today"),
        ("eu-adequacy-xx", "2026-10-09", "no legal fact is called"),
    ],
)
def test_only_a_later_day_that_has_come_is_recorded(register: Register, fact: str, on: str, told: str) -> None:
    register.do(_nothing)
    said = register.onward("law", "verified", fact, "--on", on, "--seen", "EUR-Lex", exit_code=1)
    assert told in said
    assert register.ask("select * from reverification") == []


def test_of_two_look_ups_the_second_must_be_later(register: Register) -> None:
    async def twice() -> None:
        await reverified.record("cli:test", law.load(), "eu-adequacy-gb", date(2026, 10, 10), "EUR-Lex")
        with pytest.raises(Refused, match="looked up on 2026-10-10 already"):
            await reverified.record("cli:test", law.load(), "eu-adequacy-gb", date(2026, 10, 10), "EUR-Lex")
        with pytest.raises(Refused, match="say what you saw"):
            await reverified.record("cli:test", law.load(), "eu-adequacy-gb", date(2026, 10, 11), " ")
        await reverified.record("cli:test", law.load(), "eu-adequacy-gb", date(2026, 10, 11), "EUR-Lex", "unchanged")

    register.do(twice)
    assert len(register.ask("select * from reverification")) == 2


async def _nothing() -> None: ...
