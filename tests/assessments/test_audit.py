"""The auditor's room: a sample drawn again, verification step by step, one's own looks, checkpoints that were kept."""

import asyncio
import csv
import json
import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from registry import access, checkpoints, journal, keys, replay, sample, settings
from registry.tables import Vendor
from registry.web import now
from tests.support import Register, a_register, environment, unkept
from tests.web import browse

DOCS = Path(__file__).parents[2] / "docs" / "audit.md"
MANY = [{"key": f"v{number}", "party": "mailer", "category": "crm", "since": "2019-01-01"} for number in range(40)]


@pytest.fixture
def key(folder: Path) -> Any:
    path = folder / "key.pem"
    keys.make(path)
    with environment(ONWARD_KEY=str(path)):
        yield path


@pytest.fixture
def full(register: Register, key: Path, folder: Path) -> Register:
    register.load(a_register(), folder)
    register.load({"vendor": MANY}, folder)
    return register


def asked(**more: str) -> str:
    return urlencode({"of": "vendor", "size": "5", "seed": "7 11 23 | 42", "on": "2020-07-16"} | more)


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def test_a_sample_is_drawn_again_and_by_whoever_has_a_bundle(full: Register, folder: Path) -> None:
    drawn: list[list[str]] = []

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        first = await auditor.get(f"/audit/sample?{asked()}")
        assert first.status_code == 200, first.text
        again = re.search(r'href="(/audit/sample\?[^"]+)">Address', first.text)
        assert again
        took = await auditor.get(f"/audit/sample/csv?{asked()}")
        rows = rows_of(took)
        drawn.append([row["Key"] for row in rows])
        mark = rows[0]
        assert (mark["Population size"], mark["Seed"], mark["Valid on"]) == ("41", "7 11 23 | 42", "2020-07-16")
        assert re.match(r"\d+ entries, root ", mark["Checkpoint"])
        assert len(mark["Signing key"]) == 64
        late = {"key": "late", "party": 2, "category": "crm", "since": "2019-01-01"}
        late["party"] = (await _party())["thing"]
        for number in range(30):
            await journal.record("cli:test", None, Vendor, late | {"key": f"late{number}"})
        pinned = await auditor.get(again[1].replace("&amp;", "&"))
        at_entry = rows_of(await auditor.get(f"/audit/sample/csv?{asked(sequence=mark['Journal sequence'])}"))
        later = rows_of(await auditor.get(f"/audit/sample/csv?{asked()}"))
        drawn.append([row["Key"] for row in at_entry])
        assert all(one in pinned.text for one in drawn[0])
        assert (later[0]["Population size"], at_entry[0]["Population size"]) == ("71", "41")
        bundle = await auditor.get("/bundle?on=2020-07-16")
        zipfile.ZipFile(BytesIO(bundle.content)).extract("register.json", folder)
        drawn.append([row["Key"] for row in later])

    browse(full, work)
    assert drawn[0] == drawn[1] == [one for one, _ in sample.draw(["mailer", *(r["key"] for r in MANY)], "7 11 23 | 42", 5)]
    said = DOCS.read_text()
    program = said[said.index("import hashlib") :].split("```")[0]
    ours = '"7 11 23 | 42", 5, "vendor", "2020-07-16"'
    program = program.replace('"SEED", 25, "transfer", "2020-07-16"', ours)
    told = subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert told.stdout.split() == drawn[2], "what docs/audit.md tells, done at home"


async def _party() -> Any:
    async with journal.writing("cli:test") as book:
        return await book.at.fetchrow("select thing from party where key = 'mailer'")


def test_a_sample_as_known_before_takes_no_notice_of_what_came_after(full: Register) -> None:
    async def work() -> None:
        instant = now()
        before = await sample.sample("vendor", "s", 10, instant.date(), instant)
        entries = await sample.sample(sample.ENTRIES, "s", 10, instant.date(), instant)
        party = (await _party())["thing"]
        await journal.record("cli:test", None, Vendor, {"key": "x", "party": party, "category": "crm", "since": "2019-01-01"})
        assert await sample.sample("vendor", "s", 10, instant.date(), instant) == before
        assert await sample.sample(sample.ENTRIES, "s", 10, instant.date(), instant) == entries
        assert (await sample.sample("vendor", "s", 10, instant.date())).size == before.size + 1
        assert entries.size == entries.sequence
        early = await sample.sample("vendor", "s", 10, instant.date(), instant - timedelta(days=9))
        assert (early.size, early.drawn) == (0, [])
        for kind in sample.populations():
            await sample.sample(kind, "s", 10, instant.date())

    full.do(work)


@pytest.mark.parametrize(
    "wrong", [{"of": "credential"}, {"size": "0"}, {"size": "x"}, {"sequence": "9999"}, {"seed": "a" * 201}]
)
def test_what_cannot_be_drawn_is_refused_in_words(full: Register, wrong: dict[str, str]) -> None:
    async def work(as_role: Any) -> None:
        answer = await (await as_role("auditor")).get(f"/audit/sample?{asked(**wrong)}")
        assert answer.status_code == 422
        assert f"{next(iter(wrong))}:" in answer.text

    browse(full, work)


def test_verification_is_told_step_by_step_and_finds_what_was_altered(full: Register) -> None:
    kept = str(full.do(checkpoints.take))

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        assert "What each step found" not in (await auditor.get("/audit/verification")).text
        sound = (await auditor.get(f"/audit/verification?{urlencode({'run': 'yes', 'kept': kept})}")).text
        for typed in ("garbage", kept.partition("\n\n")[0], "a\nb\nc\n\n— d ZQ=="):
            slip = await auditor.get(f"/audit/verification?{urlencode({'run': 'yes', 'kept': typed})}")
            assert (slip.status_code, "This is no checkpoint" in slip.text) == (422, True), typed
            assert "What each step found" not in slip.text, "a slip is no tampering"
        assert sound.count(': <span data-outcome="permitted">sound') == 5
        assert "What you brought from elsewhere agrees" in sound
        assert sound.rstrip().endswith("</html>")
        at = await asyncpg.connect(full.url)
        await at.execute("alter table vendor disable trigger all; update vendor set category = 'payment' where key = 'v7'")
        tampered = (await auditor.get("/audit/verification?run=yes")).text
        assert "vendor v7: category is not what its newest entry says" in tampered
        assert tampered.count("does not fit</span>") == 1
        await at.execute("begin; select pg_advisory_xact_lock($1)".replace("$1", str(replay.ALONE)))
        busy = await auditor.get("/audit/verification?run=yes")
        assert (busy.status_code, "Try again in a minute" in busy.text) == (503, True)
        await at.close()

    browse(full, work)


def test_pages_answer_while_the_register_is_replayed_and_one_who_leaves_ends_it(full: Register) -> None:
    async def work() -> None:
        steps = replay.replayed()
        assert await anext(steps) is None
        await asyncio.wait_for(access.nobody(), 5)
        await steps.aclose()
        async for _ in replay.replayed():
            pass

    full.do(work)


def test_one_sees_ones_own_looks_and_nobody_elses(full: Register) -> None:
    async def work(as_role: Any) -> None:
        auditor, dpo = await as_role("auditor"), await as_role("dpo")
        await dpo.get("/vendors/v3")
        await auditor.get("/vendors/v4")
        for browser, own, other in ((auditor, "/vendors/v4", "/vendors/v3"), (dpo, "/vendors/v3", "/vendors/v4")):
            answer = await browser.get("/audit/log")
            assert (own in answer.text, other in answer.text) == (True, False)
        assert (await (await as_role("admin")).get("/audit")).status_code == 403

    browse(full, work)


def test_a_checkpoint_that_was_kept_is_held_against_the_journal(full: Register, another: Register, folder: Path) -> None:
    kept = str(full.do(checkpoints.take))
    unkept(folder)
    foreign = str(another.do(checkpoints.take))
    unkept(folder)
    text, _, signature = kept.partition("\n\n")
    lines = text.splitlines()
    taller = "\n".join([lines[0], "4000", *lines[2:]])
    cases = {
        kept: "Yes.",
        kept.replace("\n", "\r\n"): "Yes.",
        foreign: "It is not of this register.",
        f"{text}\n": "cannot be read as a checkpoint",
        f"{taller}\n\n{signature}": "It cannot be read as a checkpoint of this register, or was altered",
        f"{text}\n\n\u2014 {lines[0]} AAAAAAAA\n": "No key of this register signed it.",
    }

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        for note, said in cases.items():
            answer = await browser.get(f"/checkpoints?{urlencode({'kept': note})}")
            assert said in answer.text, (said, re.findall(r'id="answer">.*?</div>', answer.text, re.S))
        page = await browser.get("/checkpoints")
        (address,) = set(re.findall(r'href="(/checkpoints/\d+/note)"', page.text))
        assert (await browser.get(address)).text == kept
        at = await asyncpg.connect(full.url)
        await at.execute("alter table journal_entry disable trigger all")
        unhashable = "at = '-infinity', image = 'null'"
        for altered in ("kind = 'voided'", unhashable):
            await at.execute(f"update journal_entry set {altered} where sequence = 9")
            answer = await browser.get(f"/checkpoints?{urlencode({'kept': kept})}")
            assert "No: the journal was altered." in answer.text, altered
        await at.execute(
            "delete from journal_entry where sequence > 9; alter table journal_head disable trigger all; "
            "update journal_head set sequence = 9"
        )
        answer = await browser.get(f"/checkpoints?{urlencode({'kept': kept})}")
        assert "No: entries are missing." in answer.text
        await at.close()

    browse(full, work)


def test_without_the_private_key_a_record_goes_out_and_says_that_it_is_not_signed(full: Register, folder: Path) -> None:
    full.do(checkpoints.take)
    full.load({"vendor": [{"key": "new", "party": "mailer", "category": "crm", "since": "2020-01-01"}]}, folder)
    keys.make(folder / "other.pem")
    with environment(ONWARD_KEY=str(folder / "other.pem")):

        async def work(as_role: Any) -> None:
            dpo = await as_role("dpo")
            for fmt in ("json", "csv"):
                answer = await dpo.get(f"/download/transfers/{fmt}")
                assert answer.status_code == 200
                assert "NOT SIGNED, none covers it: the register's private key" in answer.text.replace("’", "'")
                assert str(folder) not in answer.text
            assert "Nothing new is signed" in (await dpo.get("/checkpoints")).text

        browse(full, work)
        full.onward("report", "transfers", "--format", "xlsx", "--out", str(folder / "t.xlsx"))
        strings = zipfile.ZipFile(folder / "t.xlsx").read("xl/sharedStrings.xml").decode()
        assert "NOT SIGNED" in strings
        checks = {one["what"]: one["found"] for one in json.loads(full.onward("doctor", "--json", exit_code=1))}
        assert "is not on this machine" in checks["signing"]
    full.onward("report", "transfers", "--format", "json", "--out", str(folder / "t.json"))
    assert "NOT SIGNED" not in (folder / "t.json").read_text()


@pytest.mark.parametrize("covered", [True, False])
def test_a_record_goes_out_where_the_journal_cannot_be_written_to(
    full: Register, folder: Path, monkeypatch: pytest.MonkeyPatch, covered: bool
) -> None:
    """With the checkpoint that covers it already, or unsigned with the reason; nothing is written to the journal."""
    if covered:
        full.do(checkpoints.take)
    before = full.ask("select count(*), (select count(*) from checkpoint) from journal_entry")
    monkeypatch.setattr(settings, "no_room", lambda *_: True)
    full.onward("report", "transfers", "--format", "json", "--out", str(folder / "t.json"))
    said = (folder / "t.json").read_text()
    assert ("NOT SIGNED" in said, "no room to write to the journal" in said) == (not covered, not covered)
    assert ("entries, root" in said) == covered

    assert full.ask("select count(*), (select count(*) from checkpoint) from journal_entry") == before


def test_the_fingerprint_of_a_key_that_was_followed_is_told_as_such(full: Register, key: Path, folder: Path) -> None:
    old = keys.verifier("x", keys.read(key)).fingerprint
    full.do(checkpoints.take)
    full.onward("key", "new", str(folder / "new.pem"))
    full.onward("key", "follow", str(folder / "new.pem"), "--why", "each year another")

    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        text = (await browser.get(f"/audit/verification?run=yes&key={old}")).text
        assert "another one followed it" in text
        assert "What you brought from elsewhere agrees." in text
        assert "not fit.</strong>" in (await browser.get(f"/audit/verification?run=yes&key={'0' * 64}")).text

    browse(full, work)
