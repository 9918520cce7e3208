"""The pages of the law: what may become of an instrument, dossiers, re-verifications; an assessment's form and state."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from assessments import impacts
from assessments.show import day
from registry import law
from registry.law import signals
from registry.web import now
from tests.assessments.test_watch_ahead import assessed, on_the_dpf
from tests.law_files import ELSEWHERE, with_law
from tests.support import Register, a_register
from tests.web import browse

TODAY = now().date()
ONE = timedelta(days=1)
FACT = "eu-adequacy-gb sunset 2025-12-28"
NEW = "/records/impact_assessment/new"


def test_the_law_and_an_instrument_show_what_may_become_of_it_as_it_was_known(register: Register) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        listed = (await browser.get("/law?on=2025-12-30&known=2025-12-22")).text
        for said in ("an appeal is pending", "C-703/25 P", "No day is known", "Last day 27 Dec 2031", "It ends, by what"):
            assert said.casefold() in listed.casefold(), said
        assert "Slaughter" not in listed, "not known then"
        before = (await browser.get("/law?on=2025-12-18&known=2025-12-18")).text
        assert "Last day 27 Dec 2025" in before
        assert "Last day 27 Dec 2031" not in before
        shown = (await browser.get("/law/eu-us-dpf?on=2026-07-01&known=2026-07-01")).text
        assert "Trump v. Slaughter" in shown
        assert "31 July 2026" not in shown
        assert "a lead, not verified" in shown

    browse(register, work)


def test_a_dossier_reads_as_it_was_known_and_a_country_without_one_says_so(register: Register) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        now_read = (await browser.get("/law/dossiers/US")).text
        assert "Slaughter" in now_read
        assert "US 2026-07-31" in now_read
        then = (await browser.get("/law/dossiers/US?on=2023-07-17&known=2023-07-17")).text
        assert "14086" not in then
        assert "14086" in (await browser.get("/law/dossiers/US?on=2023-07-18&known=2023-07-18")).text
        assert "No dossier on India." in (await browser.get("/law/dossiers/IN")).text
        assert (
            "No dossier on United States was on file by then"
            in (await browser.get("/law/dossiers/US?on=2015-10-05&known=2015-10-05")).text
        )
        assert (await browser.get("/law/dossiers/ZZ")).status_code == 404

    browse(register, work)
    assert "No dossier on India.\nOn file: US 20" in register.onward("law", "dossier", "IN")
    assert register.onward("law", "dossier", "--as-of", "2026-06-29").strip() == "On file: US 2026-06-29."
    assert register.answer("law", "dossier", "--as-of", "2015-10-05") == []
    assert "was on file by then" in register.onward("law", "dossier", "US", "--as-of", "2015-10-05")
    assert "version US 2015-10-06" in register.onward("law", "dossier", "us", "--as-of", "2015-10-06")
    assert [one["number"] for one in register.answer("law", "dossier", "US", "--as-of", "2026-06-29")] == [1, 2, 3, 4, 5, 6, 7]
    assert "Data Privacy Framework" in register.onward("law", "signals", "--as-of", "2026-11-23")
    day = date(2026, 11, 23)
    steps = {one.key: one.on(day) for one in signals.load(law.load())}
    expected = {key for key, step in steps.items() if step and (step.expected is None or step.expected >= day)}
    assert expected < {key for key, step in steps.items() if step}, "what is over is no signal any more"
    assert {one["signal"] for one in register.answer("law", "signals", "--as-of", "2026-11-23")} == expected


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("dpo", True), ("procurement", False), ("auditor", False)])
def test_an_admin_or_dpo_records_that_a_fact_was_looked_up(register: Register, role: str, may: bool) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role(role)
        page = await browser.get("/law/eu-adequacy-gb")
        assert ("It was looked up again" in page.text) is may
        given = {"fact": FACT, "on": str(TODAY), "seen": "EUR-Lex <b>"}
        if may:
            wrong = await browser.post("/law/verified", given | {"on": "2026-10-08"})
            assert wrong.status_code == 422
            assert "It was looked up on 2026-10-08 already: name a later day." in wrong.text
            assert "EUR-Lex &lt;b&gt;" in wrong.text, "what was typed is kept"
            for words in ({"on": "soon"}, {"seen": " "}, {"fact": "nothing"}):
                assert (await browser.post("/law/verified", given | words)).status_code == 422
            twice = given | {"_once": browser.hidden(page, "_once")}
            for _ in range(2):
                answer = await browser.post("/law/verified", twice)
                assert answer.status_code == 303, answer.text
            shown = (await browser.get("/law/eu-adequacy-gb")).text
            assert f"</strong>: {day(TODAY)} " in shown[shown.index("extended to 27 December 2025</strong>") :]
        else:
            assert (await browser.post("/law/verified", given)).status_code == 403

    browse(register, work)
    rows = register.ask("select fact, verified_on, seen from reverification")
    assert [tuple(row) for row in rows] == ([(FACT, TODAY, "EUR-Lex <b>")] if may else [])
    entries = register.ask("""select who from journal_entry where "table" = 'reverification'""")
    assert [row["who"] for row in entries] == ([f"a-{role}"] if may else [])


def test_law_check_fails_where_something_was_looked_up_on_a_day_to_come(register: Register, folder: Path) -> None:
    with with_law(folder, "own-ke", ELSEWHERE.replace("verified_on = 2026-11-01", "verified_on = 2099-01-01", 1)):
        said = register.onward("law", "check", "--as-of", "2098-12-31", exit_code=1)
        assert "own-ke: `verified_on` lies in the future" in said
        assert register.onward("law", "check", "--as-of", "2099-01-01")


def test_law_check_counts_what_persons_recorded(register: Register, folder: Path) -> None:
    def due(day: date) -> set[str]:
        return {one["fact"] for one in register.answer("law", "check", "--as-of", str(day))}

    assert FACT in due(TODAY + timedelta(days=400)), "there is no register yet: the files alone count"
    register.load(a_register(), folder)
    before = register.onward("law", "show", "eu-adequacy-gb").count(str(TODAY))
    register.onward("law", "verified", FACT, "--on", str(TODAY), "--seen", "EUR-Lex")
    assert register.onward("law", "show", "eu-adequacy-gb").count(str(TODAY)) == before + 1, "one of its facts, no other"
    last = TODAY + timedelta(days=89)
    assert (FACT in due(last), FACT in due(last + ONE)) == (False, True)
    assert "eu-adequacy-gb scope purpose" in due(last)


IMPACT = {
    "standard": None,
    "exporter": 1,
    "importer": 2,
    "country": "US",
    "draft": None,
    "until": None,
    "next_review": None,
    "outcome": "ok",
    "measures": None,
}


def state(day: str, *rows: dict[str, Any]) -> str:
    found = [IMPACT | {"id": number, "since": date(2026, 1, 1)} | row for number, row in enumerate(rows)]
    return impacts.state(found[0], found, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "rows", "said"),
    [
        ("2026-05-01", ({},), "ok"),
        ("2026-05-01", ({"outcome": "problematic"},), "problematic"),
        ("2026-05-01", ({"draft": True, "next_review": date(2026, 2, 1)},), "draft"),
        ("2026-05-01", ({"draft": False},), "ok"),
        ("2025-12-31", ({},), "later"),
        ("2025-12-31", ({"draft": True},), "draft"),
        ("2026-04-30", ({"next_review": date(2026, 4, 30)},), "ok"),
        ("2026-05-01", ({"next_review": date(2026, 4, 30)},), "overdue"),
        ("2026-04-30", ({"until": date(2026, 5, 1)},), "ok"),
        ("2026-05-01", ({"until": date(2026, 5, 1)},), "superseded"),
        ("2026-04-30", ({}, {"since": date(2026, 5, 1)}), "ok"),
        ("2026-05-01", ({}, {"since": date(2026, 5, 1)}), "superseded"),
        ("2026-05-01", ({}, {"since": date(2026, 5, 1), "draft": True}), "ok"),
        ("2026-05-01", ({}, {"since": date(2026, 5, 1), "country": "IN"}), "ok"),
        ("2026-05-01", ({"since": date(2026, 5, 1)}, {}), "ok"),
        ("2026-05-01", ({}, {"since": date(2026, 5, 1), "standard": "tra"}), "ok"),
        ("2026-05-01", ({}, {"since": date(2026, 5, 1), "standard": "tia"}), "superseded"),
        ("2026-05-01", ({"next_review": date(2026, 4, 30)}, {"since": date(2026, 4, 1)}), "superseded"),
    ],
)
def test_the_state_of_an_assessment_on_both_sides_of_each_day(day: str, rows: tuple[dict[str, Any], ...], said: str) -> None:
    assert state(day, *rows) == said


@pytest.mark.parametrize(
    ("country", "offered", "said"), [("US", True, ""), ("IN", False, "No dossier on India is on file"), ("", True, "")]
)
def test_an_assessment_of_a_country_rests_on_a_dossier_of_its_own(
    register: Register, folder: Path, country: str, offered: bool, said: str
) -> None:
    register.load(on_the_dpf(), folder)

    async def work(as_role: Any) -> None:
        page = (await (await as_role("dpo")).get(f"{NEW}?exporter=house&importer=mailer&country={country}")).text
        assert ('<option value="US 20' in page) is offered
        assert said in page

    browse(register, work)


def test_an_assessment_is_asked_for_in_six_steps_and_shown_with_its_state(register: Register, folder: Path) -> None:
    register.load(on_the_dpf(), folder)
    typed = {
        "exporter": "house", "importer": "mailer", "country": "US", "draft": "yes", "outcome": "problematic",
        "measures": "effective", "dossier_version": "US 2025-12-22", "frequency": "continuous", "data_format": "encrypted",
        "key_holder": "We do", "laws_assessed": "FISA, section 702: binds it\nEO 14086: protects",
        "practice_evidence": "Transparency report of 2025", "overseen": "no", "remedies": "yes",
        "technical_measures": "Encryption, IT, done", "next_review": str(TODAY - ONE), "since": "2026-01-01",
    }  # fmt: skip

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        page = (await browser.get(f"{NEW}?exporter=house&importer=mailer&country=US")).text
        steps = ["1. Know", "2. What it", "3. Law and", "4. Further", "5. Put", "6. Look"]
        assert [page.index(step) for step in steps] == sorted(page.index(step) for step in steps)
        assert page.index("6. Look") > page.index('name="approver"') > page.index('name="overseen"')
        assert '<option value="US 2026-07-31">United States, as known on 2026-07-31</option>' in page
        wrong = await browser.post(NEW, typed | {"dossier_version": "US 2026-01-01"})
        assert wrong.status_code == 422
        assert "Choose one of the list" in wrong.text
        assert "Transparency report of 2025" in wrong.text
        answer = await browser.post(NEW, typed)
        assert answer.status_code == 303, answer.text
        record = answer.headers["location"]
        shown = (await browser.get("/transfers/news")).text
        assert 'data-impact="draft"' in shown
        for said in ("FISA, section 702: binds it", "keys: We do", "independent oversight: no", "Encryption, IT, done"):
            assert said in shown, said
        assert "nothing is recorded in it" not in shown, "a draft is not done yet"
        edit = await browser.get(f"{record}/edit")
        hidden = {name: browser.hidden(edit, name) for name in ("row", "version", "_once")}
        done = typed | hidden | {"draft": "no", "kind": "corrected", "why": "It is finished"}
        assert (await browser.post(f"{record}/edit", done)).status_code == 303
        shown = (await browser.get("/transfers/news")).text
        assert 'data-impact="overdue"' in shown
        assert "nothing is recorded in it: clear rules, no more than necessary, who approved it." in shown
        assert 'href="/law/dossiers/US#p7"' in shown
        assert "The framework before the courts of the Union" in shown
        vendor, reviews, desk = [(await browser.get(at)).text for at in ("/vendors/mailer", "/reviews", "/")]
        for text in (vendor, reviews):
            assert "paragraph 5 (The framework before the courts of the Union)" in text
            assert "overdue" in text
        assert "1 impact assessment to be looked at again" in desk

    browse(register, work)


WHOLE = {
    "laws_assessed": ["FISA, section 702"], "approver": "board", "next_review": "2027-01-01",
    **dict.fromkeys(("clear_rules", "proportionate", "overseen", "remedies"), True),
}  # fmt: skip
CLAUSES = {
    "key": "scc", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2", "state": "signed",
    "rank": "primary", "concluded_on": "2022-01-01", "since": "2022-01-01",
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "more", "told"),
    [
        ({}, {}, "7 answers on how it was found are not recorded"),
        (WHOLE | {"approver": None}, {}, "1 answer on how it was found is not recorded"),
        (WHOLE, {}, ""),
        (WHOLE | {"remedies": False, "clear_rules": False}, {}, "1 answer on how it was found is not recorded"),
        (WHOLE | {"remedies": False, "practice_evidence": ["never used against such data"]}, {}, ""),
        (WHOLE | {"remedies": False, "outcome": "problematic", "measures": "effective"}, {}, ""),
        ({"draft": True}, {}, ""),
        ({"country": "IN"}, {}, ""),
        ({}, {"safeguard": []}, ""),
    ],
)
def test_what_a_verdict_takes_from_an_assessment_that_says_little_stands_beneath_it(
    register: Register, folder: Path, said: dict[str, Any], more: dict[str, Any], told: str
) -> None:
    """Where clauses carry the data; what rests on nothing, or on an assessment of elsewhere, is told otherwise."""
    board = {"key": "board", "name": "The board", "email": "board@house.example", "role": "dpo", "since": "2018-05-25"}
    on_file = {"certification": [], "safeguard": [CLAUSES], "person": [board], "impact_assessment": [assessed() | said]}
    tables = a_register(**on_file) | more
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        page = (await (await as_role("auditor")).get("/transfers/news?on=2026-06-01")).text
        verdict = page.partition("<h2>Verdict</h2>")[2].partition("Reads otherwise")[0].partition("No change is known")[0]
        assert ('<a href="#impact-tia">' in verdict) is bool(told)
        assert told in verdict
        assert not told or '<h3 id="impact-tia">' in page
        contradicts = said.get("clear_rules") is False
        assert ("why nothing is problematic with a no to “clear rules” and “remedies”" in page) is contradicts

    browse(register, work)


def test_on_a_day_before_the_dossier_moved_nothing_has_moved(register: Register, folder: Path) -> None:
    register.load(on_the_dpf(impact_assessment=[assessed(dossier_version="US 2025-12-22")]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        pages = [(await browser.get(f"{at}?on={day}")).text for day in ("2026-06-03", "2026-06-04") for at in
                 ("/transfers/news", "/vendors/mailer")]  # fmt: skip
        assert ["#p5" in text for text in pages] == [False, False, True, True]

    browse(register, work)


def test_a_study_in_ones_own_words_stays_when_the_record_is_edited(register: Register, folder: Path) -> None:
    register.load(a_register(impact_assessment=[assessed(dossier_version="our own study")]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        edit = await browser.get("/records/impact_assessment/tia/edit")
        hidden = {name: browser.hidden(edit, name) for name in ("row", "version", "_once")}
        given = {"exporter": "house", "importer": "mailer", "country": "US", "outcome": "problematic", "kind": "corrected"}
        given |= hidden | {"dossier_version": "our own study", "why": "Read again"}
        assert (await browser.post("/records/impact_assessment/tia/edit", given)).status_code == 303

    browse(register, work)
    (row,) = register.ask("select outcome, dossier_version from impact_assessment")
    assert tuple(row) == ("problematic", "our own study")
