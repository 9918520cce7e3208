"""Law packs: kept with their bytes, adopted with a preview, asked for by their fingerprint; who judges by which until then."""

import asyncio
import json
import re
import secrets
import subprocess
import sys
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assessments.adoption import previewed
from assessments.assess import Assessed, Clocks, assess
from assessments.recorded import recorded_verdicts
from assessments.rereading import Reread, reread
from assessments.suspensions import stop
from assessments.tables import Alert
from assessments.watch import look
from registry import adopted, database, journal, law
from registry.law import ONE_DAY, Pack, packs
from tests.law_files import DECISION, ELSEWHERE, with_law
from tests.support import Register, a_register, drop_database, environment, large, new_database, signing
from tests.web import browse

ONWARD = str(Path(sys.executable).with_name("onward"))
VERSION = law.brought().version
FALLEN, DECIDED = "2020-07-16", "2021-03-01"


@pytest.fixture
def watched(register: Register, folder: Path) -> Register:
    """A transfer to the United States that lost its basis, looked at by the watch: the register has kept its law."""
    register.load(a_register(), folder)
    register.onward("watch")
    return register


def verdict(register: Register, *words: str) -> tuple[str, str | None, str]:
    (one,) = register.answer("assess", *words)
    return one["outcome"], one["basis"], one["law_version"]


def test_the_first_that_judges_and_writes_keeps_its_law_with_every_byte(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    assert register.ask("select count(*) from law_pack")[0][0] == 0, "an import judges nothing"
    register.onward("watch")
    ((version, sha256, since, until),) = register.ask("select fingerprint, sha256, since, until from law_pack")
    assert (version, until) == (VERSION, None)
    (entry,) = [one for one in register.answer("journal") if one["table"] == "law_pack"]
    assert (entry["image"]["fingerprint"], entry["image"]["sha256"], entry["who"]) == (version, sha256, "system:watch")
    assert "content" not in entry["image"], "the bytes stay out of the entry"
    register.onward("watch")
    assert register.ask("select count(*) from law_pack")[0][0] == 1
    assert {one["law_version"] for one in register.answer("verdicts")} == {VERSION}
    assert since.isoformat() == entry["at"][:10]


def test_a_demo_keeps_the_law_on_its_first_day_and_only_once(register: Register) -> None:
    register.onward("demo", "--until", "2018-09-03")
    register.onward("demo", "--until", "2019-03-01")
    assert [str(row[0]) for row in register.ask("select since from law_pack")] == ["2018-05-25"]


def test_other_files_change_nothing_until_they_are_adopted(watched: Register, folder: Path) -> None:
    assert verdict(watched)[:2] == ("not_permitted", None)
    with with_law(folder, "own-us", DECISION):
        assert verdict(watched) == ("not_permitted", None, VERSION)
        brought = law.brought().version
        assert brought != VERSION
        told = watched.onward("doctor")
        assert brought[:12] in told
        assert "law adopt" in told
        before = watched.ask("select count(*) from assessment")[0][0]
        watched.onward("watch")
        assert watched.ask("select count(*) from assessment")[0][0] == before
        assert watched.ask("select law_version from watched")[0][0] == VERSION
        said = watched.onward("law", "adopt", "--yes", "--why", "Our counsel decided so")
        assert "permitted on own-us" in said
        assert verdict(watched) == ("permitted", "own-us", brought)
    assert verdict(watched) == ("permitted", "own-us", brought), "it rules on machines that never had the file"
    (entry,) = [
        one for one in watched.answer("journal") if one["table"] == "law_pack" and one["image"]["fingerprint"] == brought
    ]
    assert entry["who"].startswith("cli:")
    assert entry["why"] == "Our counsel decided so"


def test_the_process_whose_files_differ_says_so_in_a_line_on_stderr(watched: Register, folder: Path) -> None:
    from click.testing import CliRunner

    from assessments.cli import main

    with environment(DATABASE_URL=watched.url):
        assert CliRunner().invoke(main, ["assess"]).stderr == ""
        with with_law(folder, "own-us", DECISION):
            answer = CliRunner().invoke(main, ["assess", "--json"])
            (line,) = answer.stderr.splitlines()
    assert re.search(rf"^onward: .*{law.brought().version[:12]}|{VERSION[:12]}", line)
    assert "onward law adopt --dry-run" in line
    assert json.loads(answer.stdout)[0]["law_version"] == VERSION


def test_the_preview_names_each_verdict_before_and_after_and_from_when(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        shown = json.loads(watched.onward("law", "adopt", "--dry-run", "--json"))
        assert shown["files"] == {"new": ["own-us"], "gone": [], "altered": []}
        (change,) = shown["changes"]
        assert (change["transfer"], change["regime"]) == ("news", "EU_GDPR")
        assert (change["since"], change["until"]) == (DECIDED, None)
        assert (change["from"]["outcome"], change["from"]["basis"]) == ("not_permitted", None)
        assert (change["to"]["outcome"], change["to"]["basis"]) == ("permitted", "own-us")
        assert (shown["from"], shown["to"], shown["adopted"]) == (VERSION, law.brought().version, False)
        for day, outcome in (("2021-02-28", "not_permitted"), (DECIDED, "permitted")):
            assert verdict(watched, "--as-of", day, "--law", shown["to"])[0] == outcome, "both sides of the day"
    assert watched.ask("select count(*) from law_pack")[0][0] == 1
    assert "--json" in watched.onward("law", "adopt", "--json", exit_code=2)
    assert "nothing to adopt" in watched.onward("law", "adopt", "--yes")


def test_nothing_is_adopted_where_nobody_says_yes(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", stdin="n\n")
        watched.onward("law", "adopt", exit_code=1, stdin="")
        assert watched.ask("select fingerprint from law_pack where until is null")[0][0] == VERSION
        assert "Adopted" in watched.onward("law", "adopt", stdin="y\n")
    assert watched.ask("select count(*) from law_pack where until is null")[0][0] == 1


def kinds(register: Register) -> list[str]:
    return [row[0] for row in register.ask("select cause from alert where kind = 'law_pack_changed'")]


def test_the_watch_tells_only_of_verdicts_that_changed(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-ke", ELSEWHERE):
        assert "No verdict changes, on any day." in watched.onward("law", "adopt", "--yes")
        watched.onward("watch")
    assert kinds(watched) == []
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", "--yes")
        version = law.brought().version
    watched.onward("watch")
    watched.onward("watch")
    assert kinds(watched) == [f"law-pack:{version}"]
    ((outcome, alert, by),) = watched.ask(
        "select a.outcome, l.kind, a.law_version from assessment a join alert l on l.id = a.alert where a.until is null"
    )
    assert (outcome, alert, by) == ("permitted", "law_pack_changed", version)


def test_a_law_adopted_again_is_told_again(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        new = law.brought().version
        for version in (new, VERSION, new):
            watched.onward("law", "adopt", "--yes", "--law", version)
            watched.onward("watch")
    assert sorted(kinds(watched)) == sorted([f"law-pack:{new}", f"law-pack:{VERSION}:2", f"law-pack:{new}:2"])


def test_an_older_law_is_asked_for_by_its_fingerprint(watched: Register, folder: Path) -> None:
    report = folder / "then.json"
    before = folder / "before.json"
    clock = ("--as-of", "2024-06-01", "--format", "json")
    watched.onward("report", "transfers", *clock, "--out", str(before))
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", "--yes")
        new = law.brought().version
    assert verdict(watched, "--law", VERSION[:9]) == ("not_permitted", None, VERSION)
    assert verdict(watched, "--law", new[:9]) == ("permitted", "own-us", new)
    watched.onward("report", "transfers", *clock, "--law", VERSION[:9], "--out", str(report))
    told, once = (json.loads(path.read_text()) for path in (report, before))
    assert told["tables"] == once["tables"]
    assert (told["law_version"], once["law_version"]) == (VERSION, VERSION)
    assert "own-us" in watched.onward("law", "show", "own-us", "--law", new)
    assert "no instrument" in watched.onward("law", "show", "own-us", exit_code=2)
    assert new in watched.onward("law", "check", "--law", new[:9])
    for wrong in ("zz", ""):
        refused = watched.onward("assess", "--law", wrong, exit_code=2)
        assert VERSION[:16] in refused
        assert new[:16] in refused
    cases = Path(__file__).parents[1] / "cases" / "elsewhere.tsv"
    assert "0 failed" in watched.onward("law", "cases", str(cases), "--law", VERSION)


def test_a_law_that_was_adopted_before_is_adopted_again(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", "--yes")
        new = law.brought().version
    said = watched.onward("law", "adopt", "--yes", "--law", VERSION[:12])
    assert "own-us" in said
    rows = watched.ask("select fingerprint, until is null, until = since from law_pack order by id")
    assert [tuple(row) for row in rows] == [(VERSION, False, True), (new, False, True), (VERSION, True, None)]
    assert verdict(watched)[2] == VERSION
    assert verdict(watched, "--law", new[:12])[2] == new, "what ruled for less than a day is on file too"
    watched.onward("verify")


def test_of_three_who_adopt_at_once_one_does(watched: Register, folder: Path) -> None:
    async def adopt() -> list[adopted.Adopted | None]:
        pack = law.brought()
        return await asyncio.gather(*(adopted.adopt(pack, f"cli:{name}", None, VERSION) for name in ("ada", "bo", "cy")))

    with with_law(folder, "own-us", DECISION):
        made = watched.do(adopt)
        assert [one is None for one in made].count(False) == 1
        assert watched.ask("select count(*), count(*) filter (where until is null) from law_pack")[0] == (2, 1)
        watched.onward("verify")


@large
def test_of_three_processes_that_adopt_at_once_one_does(watched: Register, folder: Path) -> None:
    def adopt(_: int) -> str:
        done = subprocess.run([ONWARD, "law", "adopt", "--yes"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with with_law(folder, "own-us", DECISION), environment(DATABASE_URL=watched.url), ThreadPoolExecutor(3) as pool:
        said = list(pool.map(adopt, range(3)))
    assert sum("Adopted: since" in one for one in said) == 1
    assert all("Adopted: since" in one or "already" in one for one in said)
    assert watched.ask("select count(*), count(*) filter (where until is null) from law_pack")[0] == (2, 1)


def test_of_two_first_looks_one_keeps_the_law(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    day = date(2026, 11, 23)

    async def together() -> None:
        await asyncio.gather(*(look(day, law.load()) for _ in range(3)))

    register.do(together)
    assert register.ask("select count(*) from law_pack")[0][0] == 1


def test_what_was_previewed_against_another_law_is_not_adopted(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-ke", ELSEWHERE):
        watched.onward("law", "adopt", "--yes")
    with pytest.raises(Exception, match="another law was adopted in the meantime"):
        watched.do(lambda: adopted.adopt(law.brought(), "cli:test", None, "0" * 64))


def test_altered_bytes_of_a_kept_law_are_noticed_wherever_it_is_read(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", "--yes")
        new = law.brought().version

    ((content,),) = watched.ask("select content from law_pack where fingerprint = $1", new)
    files = {name: text.encode() for name, text in json.loads(zlib.decompress(content)).items()}
    files["law/own/own-us.toml"] = files["law/own/own-us.toml"].replace(b"2021-03-01", b"2020-03-01")
    altered = packs.packed(files)
    for trigger in ("onward_number", "onward_has_entry"):
        watched.ask(f"alter table law_pack disable trigger {trigger}")
    change = "update law_pack set content = $1, sha256 = $2 where fingerprint = $3"
    watched.ask(change, altered, packs.digest(altered), new)
    for trigger in ("onward_number", "onward_has_entry"):
        watched.ask(f"alter table law_pack enable always trigger {trigger}")
    assert "was altered" in watched.onward("assess", exit_code=1)
    assert "was altered" in watched.onward("assess", "--law", new, exit_code=1)
    assert "was altered" in watched.onward("doctor", exit_code=1)
    with with_law(folder, "own-us", DECISION):
        assert "sha256 is not what its newest entry says" in watched.onward("verify", exit_code=1)
    assert verdict(watched, "--law", VERSION)[0] == "not_permitted"
    assert "cannot be shown" in watched.onward("law", "adopt", "--yes"), "the way out is open"
    assert verdict(watched)[2] == VERSION


def test_a_restored_register_judges_by_the_law_it_had(watched: Register, server: str, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION):
        watched.onward("law", "adopt", "--yes")
        new = law.brought().version
    watched.onward("watch")
    backup = folder / "kept.onward"
    watched.onward("backup", str(backup))
    name = f"t_{secrets.token_hex(6)}"
    another = Register(new_database(server, name, "template0"))
    another.onward("restore", str(backup))
    assert verdict(another) == ("permitted", "own-us", new)
    assert verdict(another, "--law", VERSION[:9]) == ("not_permitted", None, VERSION)
    another.onward("doctor")
    drop_database(server, name)


async def elsewhere(folder: Path) -> None:
    """Another process, which brings a file of law more than this one, adopts it."""
    with with_law(folder, "own-us", DECISION):
        assert await adopted.adopt(law.brought(), "cli:ada", None, VERSION)


def test_a_bundle_holds_the_law_that_rules_and_proves_its_adoption(watched: Register, folder: Path) -> None:
    with signing(folder):
        with with_law(folder, "own-us", DECISION):
            watched.onward("law", "adopt", "--yes")
            new = law.brought().version
        bundle = folder / "bundle.zip"
        watched.onward("export", "bundle", "--out", str(bundle))
        key = watched.ask("select key from signing_key")[0][0]
        watched.onward("verify", str(bundle), "--key", key)
        watched.onward("export", "bundle", "--redact", "client", "--vendor", "mailer", "--out", str(folder / "theirs.zip"))
        watched.onward("verify", str(folder / "theirs.zip"), "--key", key)
    for name in ("bundle.zip", "theirs.zip"):
        with zipfile.ZipFile(folder / name) as held:
            assert held.read("law/own/own-us.toml").decode() == DECISION
            assert {one["law_version"] for one in json.loads(held.read("verdicts.json"))} == {new}
            entries = [json.loads(line) for line in held.read("journal/entries.jsonl").splitlines()]
        assert new in {one["image"].get("fingerprint") for one in entries if one["table"] == "law_pack"}


def test_an_export_and_an_import_leave_the_law_to_each_register(watched: Register, another: Register, folder: Path) -> None:
    exported = watched.export(folder)
    assert b"law_pack" not in exported
    refused = another.load({"law_pack": [{"key": "law"}]}, folder, exit_code=1)
    assert "a register writes it itself" in refused


def test_pages_follow_what_another_process_adopts_and_mark_other_files(watched: Register, folder: Path) -> None:
    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        assert "brings other law files" not in (await dpo.get("/law")).text
        assert 'data-outcome="not_permitted"' in (await dpo.get("/transfers/news")).text
        await elsewhere(folder)
        page = (await dpo.get("/law")).text
        assert "brings other law files" in page
        assert "own-us" in page
        assert page.count(VERSION[:16]) >= 2, "it is on file, and is what this process brings"
        verdicts = (await dpo.get("/transfers/news")).text.split("Covered and bare days")[0]
        assert 'data-outcome="permitted"' in verdicts

    browse(watched, work)


def test_the_page_shows_both_readings_of_a_recorded_verdict_where_they_differ(watched: Register, folder: Path) -> None:
    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        assert "data-reread" not in (await auditor.get("/transfers/news")).text
        await elsewhere(folder)
        await look(datetime.now(UTC).date(), law.load())
        page = (await auditor.get("/transfers/news")).text
        (shown,) = re.findall(r"<tr data-reread=.*?</tr>", page, re.S)
        then, now = re.findall(r"<li>(.*?)</li>", shown, re.S)
        assert VERSION[:12] in then
        assert 'data-outcome="not_permitted"' in then
        assert 'data-outcome="permitted"' in now
        assert "A decision of our own on the United States" in now

    browse(watched, work)


def test_a_law_that_is_not_on_file_leaves_the_recorded_words(watched: Register) -> None:
    async def read() -> tuple[Reread, ...]:
        async with database.as_known(None) as at:
            (one,) = await recorded_verdicts(at)
        permitted = msgspec.structs.replace(one, law_version="0" * 64, outcome="permitted")
        same = msgspec.structs.replace(one, law_version="0" * 64)
        assert await reread([one], law.load()) == {}
        assert await reread([same], law.load()) == {}, "it reads alike: nothing is said"
        return tuple((await reread([permitted], law.load())).values())

    (found,) = watched.do(read)
    assert found.then is not None
    assert found.now is not None
    assert (found.then.outcome, found.now.outcome) == ("permitted", "not_permitted")
    assert "not on file" in found.missing


def less(pack: Pack, key: str, what: str) -> Pack:
    """The law as it would stand had that event of an instrument never come; without any, had the instrument never been."""
    one = pack.instruments[key]
    events = tuple(event for event in one.events if event.what != what)
    instruments = {name: other for name, other in pack.instruments.items() if name != key}
    if events:
        instruments[key] = msgspec.structs.replace(one, events=events)
    return Pack(msgspec.structs.replace(pack.files, instruments=instruments, version=f"without {key} {what}"))


LESS = [
    ("eu-us-dpf", "in_force"),
    ("eu-us-privacy-shield", "invalidated"),
    ("eu-scc-2010-c2p", "transition_end"),
    ("eu-adequacy-gb", "sunset"),
    ("eu-impact-assessment", "in_force"),
]


def test_the_preview_is_what_judging_by_both_laws_tells_on_every_day(demo: Register) -> None:
    """On every day on which a verdict may turn, and the day before: exactly the changes told are the differences."""
    today = date(2026, 6, 30)

    async def compared() -> None:
        old = law.load()
        for key, what in LESS:
            new = less(old, key, what)
            preview = await previewed(old, new, today)
            edges = {one.since for one in preview.changes} | {one.until for one in preview.changes if one.until}
            edges |= {date(2018, 5, 25), date(2021, 1, 1), today}
            for day in sorted({*edges, *(edge - ONE_DAY for edge in edges)}):
                clocks = Clocks(day, None, today, "now")
                was, now = [
                    {(one.transfer, one.regime or ""): one for one in await assess(pack, clocks)} for pack in (old, new)
                ]
                differing = {at for at in {*was, *now} if said(was.get(at)) != said(now.get(at))}
                told = {(one.transfer, one.regime): one for one in preview.changes if one.holds(day)}
                assert told.keys() == differing, (key, day)
                for at, one in told.items():
                    assert (one.was and one.was.outcome, one.now and one.now.outcome) == (
                        was.get(at) and was[at].outcome,
                        now.get(at) and now[at].outcome,
                    )
            assert preview.changes or key == "eu-adequacy-gb", f"nothing of the demo rests on {key}"

    demo.do(compared)


def said(one: Assessed | None) -> tuple[object, ...] | None:
    if one is None:
        return None
    return one.outcome, one.path_outcome, one.basis, one.last_day, {reason.code for reason in one.reasons}


def test_files_that_are_unsound_stop_nobody_and_are_not_adopted(watched: Register, folder: Path) -> None:
    with with_law(folder, "own-us", DECISION.replace("grade", "grad")):
        assert verdict(watched) == ("not_permitted", None, VERSION)
        assert "own-us.toml" in watched.onward("law", "adopt", "--yes", exit_code=1)
        assert "own-us.toml" in watched.onward("law", "check", exit_code=1)
    with environment(ONWARD_LAW=str(folder / "nowhere")):
        assert verdict(watched) == ("not_permitted", None, VERSION)
        assert "is no folder" in watched.onward("law", "adopt", "--yes", exit_code=1)
        assert "unreadable" in watched.onward("doctor")
    assert watched.ask("select count(*) from law_pack")[0][0] == 1


def test_before_any_law_is_kept_the_programs_own_judges_and_may_be_adopted(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    with with_law(folder, "own-us", DECISION):
        assert verdict(register)[1] == "own-us", "nothing was adopted that it could differ from"
        said = register.onward("law", "adopt", "--yes")
        assert "no law was adopted here yet" in said
        assert "Adopted: since" in said
    assert verdict(register)[1] == "own-us"
    assert register.onward("law", "adopt", "--dry-run").count("own-us") >= 2


def test_the_doctor_names_a_law_that_was_judged_by_and_is_not_on_file(watched: Register) -> None:
    assert "not on file" not in watched.onward("doctor")
    row = {"key": "old", "since": "2024-01-01", "law_version": "f" * 64, "cause": "a test", "kind": "verdict_changed"}
    watched.do(lambda: journal.record("cli:test", None, Alert, row))
    assert "not on file: ffffffffffff" in watched.onward("doctor")


def test_a_decision_and_a_stop_keep_the_law_that_they_name(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    register.do(lambda: stop("cli:test", ["news"], date(2024, 1, 1), "a test"))
    (row,) = register.ask("select s.law_version, p.fingerprint from suspension s, law_pack p")
    assert row[0] == row[1] == VERSION
