"""Bundles as an auditor meets them: checked by their own program, offline, in a process that knows nothing of Onward."""

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from assessments.bundle import zipped
from registry import keys, notes, verify_bundle
from registry.verify_bundle import MANIFEST
from tests.support import Register, a_register, environment, like, signing, unkept
from tests.web import browse

Files = dict[str, bytes]
SAID = "consistent, origin not shown"
ALL = ("--as-of", "2024-01-01")

# Who may never be read where it is withheld, and where it stands in the register.
WORDS = {
    "Quilla Feather": "contact",
    "quilla@feather.example": "contact",
    "12 Larkspur Lane": "address",
    "deleted after ninety days": "note",
    "Rowan Actor": "person",
    "person-rowan": "person key",
    "because Tansy asked": "why",
}


def told() -> dict[str, list[dict[str, Any]]]:
    """A register with a contact, a person, notes and a second vendor."""
    since = "2018-05-25"
    tables = a_register()
    tables["party"][0]["address"] = "12 Larkspur Lane"
    tables["party"].append({"key": "other", "name": "Other Ltd", "country": "GB", "since": since})
    tables["processing_activity"][0]["erasure_time_limits"] = "deleted after ninety days"
    tables["person"] = [{"key": "person-rowan", "name": "Rowan Actor", "role": "dpo", "since": since}]
    tables["contact"] = [
        {
            "key": "house-contact",
            "party": "house",
            "capacity": "contact",
            "name": "Quilla Feather",
            "email": "quilla@feather.example",
            "since": since,
        }
    ]
    tables["vendor"][0]["owner"] = "person-rowan"
    tables["vendor"].append({"key": "other-vendor", "party": "other", "category": "analytics", "since": since})
    return tables


@pytest.fixture
def key(folder: Path) -> Iterator[Path]:
    with signing(folder) as path:
        yield path


@pytest.fixture
def sound(server: str, key: Path, folder: Path) -> Iterator[Register]:
    path = folder / "told.json"
    path.write_text(json.dumps(told()))
    words = ("import", "register", str(path), "--why", "because Tansy asked")
    with like(server, "told", lambda register: register.onward(*words)) as register:
        yield register


def exported(register: Register, folder: Path, *words: str, name: str = "b.zip") -> Path:
    path = folder / name
    register.onward("export", "bundle", *ALL, "--out", str(path), *words)
    return path


def unpacked(path: Path) -> Files:
    with zipfile.ZipFile(path) as packed:
        return {one: packed.read(one) for one in packed.namelist()}


def fingerprint(key: Path) -> str:
    return keys.verifier("x", keys.read(key)).fingerprint


def checked(path: Path, *words: str, program: Path | None = None) -> tuple[int, str]:
    """What the program says of a bundle: nothing of this environment, nothing of this folder of packages reaches it."""
    if program is None:
        program = path.parent / "verify-apart.py"
        program.write_bytes(Path(verify_bundle.__file__).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(path), *words], env={}, cwd="/", capture_output=True, text=True
    )
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def signed_anew(files: Files, key: Path) -> Files:
    """The house itself lies: files changed, and the manifest made and signed again with the register's own key."""
    text = files[MANIFEST].decode().rpartition("\n\n")[0]
    said = [line for line in text.splitlines() if "  " not in line]
    listed = [f"{verify_bundle.hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files) if name != MANIFEST]
    one = keys.read(key)
    origin = said[1].removeprefix("origin ")
    note = notes.sign("".join(f"{line}\n" for line in said + listed), (keys.verifier(origin, one), one))
    return files | {MANIFEST: note.encode()}


def test_a_bundle_with_something_from_elsewhere_is_shown(sound: Register, key: Path, folder: Path) -> None:
    kept = folder / "kept.note"
    sound.onward("checkpoint", "--out", str(kept))
    sound.onward(
        "user", "add", "--name", "Rue Later", "--role", "auditor", "--no-end", "--password-stdin", stdin="x" * 14 + "\n"
    )
    path = exported(sound, folder)
    for words in (
        ("--key", fingerprint(key)),
        ("--checkpoint", str(kept)),
        ("--key", fingerprint(key), "--checkpoint", str(kept)),
    ):
        code, text = checked(path, *words)
        assert (code, text.splitlines()[-1]) == (0, "OK     everything fits, and its origin is shown"), text
    code, text = checked(path)
    assert code == 1
    assert SAID in text


def test_the_program_in_the_unpacked_folder_checks_that_folder(sound: Register, key: Path, folder: Path) -> None:
    where = folder / "unpacked"
    with zipfile.ZipFile(exported(sound, folder)) as packed:
        packed.extractall(where)
    before = sorted(where.rglob("*"))
    words = ["-I", "-S", "verify.py", "--key", fingerprint(key)]
    done = subprocess.run([sys.executable, *words], env={}, cwd=where, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert sorted(where.rglob("*")) == before, "nothing is written"


def test_the_same_register_and_clocks_make_the_same_bytes(sound: Register, folder: Path) -> None:
    assert exported(sound, folder).read_bytes() == exported(sound, folder, name="again.zip").read_bytes()


def test_another_key_or_another_checkpoint_shows_nothing(sound: Register, another: Register, folder: Path) -> None:
    path = exported(sound, folder)
    code, text = checked(path, "--key", "0" * 64)
    assert (code, f"the key you brought is {'0' * 64}, the one that signed" in text) == (1, True)
    foreign = folder / "foreign.note"
    unkept(folder)
    another.load(a_register(), folder)
    another.onward("checkpoint", "--out", str(foreign))
    unkept(folder)
    code, text = checked(path, "--checkpoint", str(foreign))
    assert (code, "the checkpoint you brought" in text) == (1, True)
    later = folder / "later.note"
    sound.onward(
        "user", "add", "--name", "Rue Later", "--role", "auditor", "--no-end", "--password-stdin", stdin="x" * 14 + "\n"
    )
    sound.onward("checkpoint", "--out", str(later))
    code, text = checked(path, "--checkpoint", str(later))
    assert (code, "no continuation" in text) == (1, True)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def in_signature(files: Files) -> Files:
    """One bit of the manifest's signature, still base64."""
    text, _, blob = files[MANIFEST].decode().rpartition(" ")
    raw = base64.b64decode(blob)
    return files | {MANIFEST: f"{text} {base64.b64encode(flipped(raw, 20)).decode()}\n".encode()}


def in_key(files: Files) -> Files:
    text = files[MANIFEST].decode()
    vkey = next(line.removeprefix("key ") for line in text.splitlines() if line.startswith("key "))
    name, _, encoded = vkey.split("+", 2)
    raw = flipped(base64.b64decode(encoded), 9)
    made = notes.Verifier(name, raw[1:])
    return files | {MANIFEST: text.replace(vkey, made.vkey).encode()}


def at(name: str, where: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {name: flipped(files[name], files[name].index(where))}


def dropped_line(name: str, line: int) -> Callable[[Files], Files]:
    def drop(files: Files) -> Files:
        lines = files[name].splitlines(keepends=True)
        del lines[line]
        return files | {name: b"".join(lines)}

    return drop


STRANGERS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a bit of the signature": (in_signature, "manifest.note: the signature"),
    "a bit of the key": (in_key, "manifest.note: "),
    "a bit of an entry": (at("journal/entries.jsonl", b"Mailer"), "'journal/entries.jsonl': was altered"),
    "a bit of a value": (at("journal/values.jsonl", b"Quilla"), "'journal/values.jsonl': was altered"),
    "a bit of a report": (at("records/transfers.csv", b"Mailer"), "'records/transfers.csv': was altered"),
    "a bit of the manifest": (at(MANIFEST, b"as-of"), "manifest.note: the signature"),
    "a bit of the program": (at("verify.py", b"import"), "'verify.py': was altered"),
    "a file added": (lambda files: files | {"records/more.csv": b"x"}, "'records/more.csv': is not in the manifest"),
    "a file removed": (
        lambda files: {name: content for name, content in files.items() if name != "verdicts.json"},
        "'verdicts.json': is missing",
    ),
    "the manifest removed": (lambda files: {n: c for n, c in files.items() if n != MANIFEST}, "manifest.note: is missing"),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_what_a_stranger_alters_is_found(sound: Register, key: Path, folder: Path, what: str) -> None:
    alter, said = STRANGERS[what]
    path = exported(sound, folder)
    path.write_bytes(zipped(alter(unpacked(path))))
    code, text = checked(path, "--key", fingerprint(key))
    assert code == 1
    assert f"WRONG  {said}" in text


HOUSE: dict[str, tuple[Callable[[Files], Files], str]] = {
    "an entry altered": (at("journal/entries.jsonl", b"Mailer"), "an entry was altered"),
    "an entry dropped": (dropped_line("journal/entries.jsonl", 5), "entry 6: is missing"),
    "the last entry dropped": (dropped_line("journal/entries.jsonl", -1), "is missing"),
    "an entry twice": (
        lambda files: files | {"journal/entries.jsonl": files["journal/entries.jsonl"] * 2},
        "entry 1: stands twice",
    ),
    "a value altered": (at("journal/values.jsonl", b"Quilla"), "is not the one it commits to"),
    "a value dropped": (dropped_line("journal/values.jsonl", 0), "the manifest does not say so many"),
    "a row altered": (at("register.json", b"Mailer, Inc."), "the journal does not say so"),
    "a personal value of a row altered": (at("register.json", b"Quilla"), "the journal does not say so"),
    "a row dropped": (
        lambda files: (
            files | {"register.json": json.dumps({**json.loads(files["register.json"]), "certification": []}).encode()}
        ),
        "stands in the journal, and is missing here",
    ),
    "a row made up": (
        lambda files: (
            files
            | {
                "register.json": json.dumps(
                    {**json.loads(files["register.json"]), "measure": [{"key": "m", "name": "m", "since": "2020-01-01"}]}
                ).encode()
            }
        ),
        "the journal does not say so",
    ),
    "the checkpoint's root": (at("checkpoint.note", b"\n\n"), "checkpoint.note: "),
    "the law": (at("law/countries.toml", b"codes"), "law: the files are not those of the fingerprint"),
    "a record of another day": (
        lambda files: files | {"records/transfers.json": files["records/transfers.json"].replace(b"2024-01-01", b"2024-01-02")},
        "is of other clocks",
    ),
    "a verdict of no transfer": (
        lambda files: files | {"verdicts.json": files["verdicts.json"].replace(b'"transfer": "news"', b'"transfer": "nows"')},
        "no transfer of the register",
    ),
}


@pytest.mark.parametrize("what", HOUSE)
def test_what_the_house_alters_and_signs_anew_is_found(sound: Register, key: Path, folder: Path, what: str) -> None:
    """The holder of the key signs any manifest: what the checkpoint covers is found all the same."""
    alter, said = HOUSE[what]
    path = exported(sound, folder)
    files = unpacked(path)
    altered = alter(files)
    assert altered != files
    path.write_bytes(zipped(signed_anew(altered, key)))
    code, text = checked(path, "--key", fingerprint(key))
    assert code == 1
    assert said in text.splitlines()[-1], text


def test_signing_anew_in_these_tests_would_pass_where_nothing_was_altered(sound: Register, key: Path, folder: Path) -> None:
    path = exported(sound, folder)
    path.write_bytes(zipped(signed_anew(unpacked(path), key)))
    assert checked(path, "--key", fingerprint(key))[0] == 0


def test_a_register_made_anew_is_no_continuation_of_an_earlier_visit(
    sound: Register, another: Register, key: Path, folder: Path
) -> None:
    """The same rows written again into another register, signed with the same key: the checkpoint of the first visit tells."""
    kept = folder / "kept.note"
    sound.onward("checkpoint", "--out", str(kept))
    unkept(folder)
    another.load(told(), folder)
    path = exported(another, folder)
    assert checked(path, "--key", fingerprint(key))[0] == 0
    code, text = checked(path, "--checkpoint", str(kept))
    assert code == 1
    assert "the checkpoint you brought" in text


REDACTED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "public": ((), set(WORDS)),
    "client": (("--vendor", "mailer"), {*(set(WORDS)), "Other Ltd", "other-vendor"}),
    "authority": ((), {"Rowan Actor", "person-rowan"}),
}


@pytest.mark.parametrize("redaction", REDACTED)
def test_a_redacted_bundle_verifies_and_holds_none_of_the_words(
    sound: Register, key: Path, folder: Path, redaction: str
) -> None:
    more, gone = REDACTED[redaction]
    whole = b"\n".join(unpacked(exported(sound, folder)).values())
    assert not {word for word in gone if word.encode() not in whole}, "they stand in the whole one"
    path = exported(sound, folder, "--redact", redaction, *more, name="redacted.zip")
    code, text = checked(path, "--key", fingerprint(key))
    assert (code, "origin is shown" in text) == (0, True), text
    held = b"\n".join(unpacked(path).values())
    assert not {word for word in gone if word.encode() in held}
    assert not {word for word in WORDS if word not in gone and word.encode() not in held}
    said = dict(line.partition(" ")[::2] for line in unpacked(path)[MANIFEST].decode().splitlines())
    assert int(said["withheld-entries"]) > 0
    assert f"({said['withheld-entries']} withheld" in text


def test_a_record_says_that_something_was_withheld(sound: Register, folder: Path) -> None:
    files = unpacked(exported(sound, folder, "--redact", "public"))
    assert b"withheld" in files["records/art30_controller.csv"]


def test_a_redacted_bundle_is_tampered_with_in_vain(sound: Register, key: Path, folder: Path) -> None:
    """Hiding one entry more, or one row's entries, is counted; a leaf that is none gives another root."""
    path = exported(sound, folder, "--redact", "client", "--vendor", "mailer")
    files = unpacked(path)
    line = files["journal/entries.jsonl"].splitlines(keepends=True)[3]
    leaf = verify_bundle.hashlib.sha256(b"\x00" + line.rstrip(b"\n")).hexdigest()
    hidden = files | {
        "journal/entries.jsonl": files["journal/entries.jsonl"].replace(line, b""),
        "journal/withheld.txt": files["journal/withheld.txt"] + f"{json.loads(line)['sequence']} {leaf}\n".encode(),
    }
    path.write_bytes(zipped(signed_anew(hidden, key)))
    code, text = checked(path, "--key", fingerprint(key))
    assert (code, "entries are withheld, the manifest says" in text) == (1, True)
    number, _, other = files["journal/withheld.txt"].partition(b" ")
    moved = number + b" " + (b"0" if other[:1] != b"0" else b"1") + other[1:]
    path.write_bytes(zipped(signed_anew(files | {"journal/withheld.txt": moved}, key)))
    code, text = checked(path, "--key", fingerprint(key))
    assert (code, "the root is not the checkpoint's" in text) == (1, True)


def test_what_was_known_earlier_is_proved_by_the_leaves_of_what_came_later(demo: Register, key: Path, folder: Path) -> None:
    path = exported(demo, folder, "--known-on", "2020-07-15")
    code, text = checked(path, "--key", fingerprint(key))
    assert code == 0, text
    said = dict(line.partition(" ")[::2] for line in unpacked(path)[MANIFEST].decode().splitlines())
    later = int(said["size"]) - int(said["entries"])
    assert later > 20
    assert len(unpacked(path)["journal/withheld.txt"].splitlines()) == later - 1, "the key's entry came later, and is shown"


def test_every_variant_of_the_demo_verifies_and_says_that_its_data_are_invented(
    demo: Register, key: Path, folder: Path
) -> None:
    for more in ((), ("--redact", "public"), ("--redact", "authority"), ("--redact", "client", "--vendor", "mailchimp")):
        path = exported(demo, folder, *more)
        code, text = checked(path, "--key", fingerprint(key))
        assert (code, "Invented data" in text) == (0, True), text
        files = unpacked(path)
        for name in ("README.txt", MANIFEST, "records/transfers.csv", "records/art30_controller.json"):
            assert b"Invented data" in files[name], name


def test_hostile_names_are_written_nowhere(sound: Register, key: Path, folder: Path) -> None:
    inside = folder / "in" / "side"
    inside.mkdir(parents=True)
    path = exported(sound, folder)
    for name in ("../escaped.txt", f"{folder}/escaped.txt", "a/../../escaped.txt", "..\\escaped.txt", "\x1b[2Jescaped.txt"):
        hostile = inside / "hostile.zip"
        hostile.write_bytes(zipped(signed_anew(unpacked(path) | {name: b"boo"}, key)))
        code, text = checked(hostile, program=_apart(folder))
        assert code == 1
        assert "\x1b" not in text
        assert not [found for found in folder.rglob("*escaped*")]


def _apart(folder: Path) -> Path:
    program = folder / "apart.py"
    program.write_bytes(Path(verify_bundle.__file__).read_bytes())
    return program


def test_a_bundle_unpacked_and_packed_again_by_another_program_fits(sound: Register, key: Path, folder: Path) -> None:
    """As zip does it: with an entry for each folder."""
    files = unpacked(exported(sound, folder))
    path = folder / "again.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in sorted({f"{name.partition('/')[0]}/" for name in files if "/" in name}):
            packed.writestr(name, b"")
        for name, content in files.items():
            packed.writestr(name, content)
    assert checked(path, "--key", fingerprint(key))[0] == 0


def test_a_name_that_stands_twice_is_refused(sound: Register, key: Path, folder: Path) -> None:
    path = exported(sound, folder)
    out = BytesIO(path.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as packed:
        packed.writestr("register.json", b"{}")
    path.write_bytes(out.getvalue())
    code, text = checked(path, "--key", fingerprint(key))
    assert (code, "stands twice in the zip" in text) == (1, True)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_bundle_is_said_in_a_line(folder: Path, content: bytes) -> None:
    path = folder / "b.zip"
    path.write_bytes(content)
    code, text = checked(path, "--key", "0" * 64)
    assert code == 1
    assert text.startswith("WRONG  cannot be read as a bundle")
    assert len(text.splitlines()) == 1


def test_a_zip_broken_anywhere_ends_in_a_line_and_never_in_success(
    sound: Register, key: Path, folder: Path, chance: Any
) -> None:
    path = exported(sound, folder)
    content, files = path.read_bytes(), unpacked(path)
    for _ in range(12):
        path.write_bytes(flipped(content, chance.randrange(len(content))))
        code, text = checked(path, "--key", fingerprint(key))
        assert code == 0 or text.splitlines()[-1].lstrip().startswith(("WRONG", "'")), text
        if code == 0:
            assert unpacked(path) == files, "only a bit that no file hangs on, such as a time, may be another"


def test_the_house_may_not_hide_a_withheld_entry_behind_a_whole_bundle(sound: Register, key: Path, folder: Path) -> None:
    """One row's newest entries taken out, counted and signed as if nothing were redacted."""
    files = unpacked(exported(sound, folder, "--redact", "authority", name="less.zip"))
    text = files[MANIFEST].decode().replace("redacted authority", "redacted no")
    path = folder / "b.zip"
    path.write_bytes(zipped(signed_anew(files | {MANIFEST: text.encode()}, key)))
    code, said = checked(path, "--key", fingerprint(key))
    assert (code, "says that nothing is redacted" in said) == (1, True)


def test_onward_itself_says_the_same_of_a_bundle(sound: Register, key: Path, folder: Path) -> None:
    path = str(exported(sound, folder))
    assert "origin is shown" in sound.onward("verify", path, "--key", fingerprint(key))
    assert SAID in sound.onward("verify", path, exit_code=1)
    assert "--json" in sound.onward("verify", path, "--json", exit_code=2)


def test_the_auditor_takes_it_from_the_page_and_that_is_written_down(register: Register, key: Path, folder: Path) -> None:
    register.load(told() | {"person": [], "vendor": a_register()["vendor"]}, folder)

    async def take(as_role: Any) -> None:
        auditor = await as_role("auditor")
        page = await auditor.get("/records?on=2024-01-01")
        assert 'action="/bundle"' in page.text
        assert 'name="on" value="2024-01-01"' in page.text
        for redact in ("", "public"):
            answer = await auditor.get(f"/bundle?on=2024-01-01&redact={redact}&vendor=")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
            (folder / f"page{redact}.zip").write_bytes(answer.content)
        assert (await auditor.get("/bundle?redact=everybody")).status_code == 422
        assert "choose the vendor" in (await auditor.get("/bundle?redact=client")).text
        assert (await (await as_role("procurement")).get("/bundle")).status_code == 403

    browse(register, take)
    for redact in ("", "public"):
        assert checked(folder / f"page{redact}.zip", "--key", fingerprint(key))[0] == 0
    looks = [row["of"] for row in register.ask("select of from look where what = 'downloaded' order by id")]
    assert [of.rpartition("redacted: ")[2] for of in looks] == ["no", "public"]
    assert all(of.startswith("bundle valid on 2024-01-01") for of in looks)


def test_misuse_is_told_with_the_way_out(sound: Register, folder: Path) -> None:
    out = ("export", "bundle", "--out", str(folder / "b.zip"))
    assert "--vendor KEY" in sound.onward(*out, "--redact", "client", exit_code=2)
    assert "--vendor KEY" in sound.onward(*out, "--vendor", "mailer", exit_code=2)
    assert "no vendor has the key 'nobody'" in sound.onward(*out, "--redact", "client", "--vendor", "nobody", exit_code=2)
    assert "nothing was recorded by 2010-01-01" in sound.onward(*out, "--known-on", "2010-01-01", exit_code=2)
    with environment(ONWARD_KEY=None):
        sound.onward(*out, exit_code=2)
    assert not (folder / "b.zip").exists()


def followed(register: Register, folder: Path, *, lost: bool = False) -> Path:
    """Another key follows as the documentation says; the new one alone is at hand afterwards."""
    new = folder / "new.pem"
    register.onward("key", "new", str(new))
    if lost:
        (folder / "key.pem").rename(folder / "lost")
    note = register.onward("key", "follow", str(new), "--why", "each year another")
    assert note.rpartition("\n\n")[2].count("\u2014") == (1 if lost else 2)
    return new


@pytest.mark.parametrize("redaction", [(), ("--redact", "client", "--vendor", "mailer")])
def test_after_a_rotation_the_old_fingerprint_and_checkpoint_still_show_the_origin(
    sound: Register, key: Path, folder: Path, redaction: tuple[str, ...]
) -> None:
    kept, old = folder / "kept.note", fingerprint(key)
    sound.onward("checkpoint", "--out", str(kept))
    new = followed(sound, folder)
    with environment(ONWARD_KEY=str(new)):
        sound.load({"party": [{"key": "later", "name": "Later", "country": "DE", "since": "2020-01-01"}]}, folder)
        path = exported(sound, folder, *redaction)
        for words in (("--key", fingerprint(new)), ("--key", old), ("--checkpoint", str(kept))):
            code, text = checked(path, *words)
            assert code == 0, text
        assert "the key you brought was followed by another one on" in checked(path, "--key", old)[1]
        said = sound.onward("verify", "--key", old)
        assert "another one followed it" in said
        assert "everything is as it was written" in said
        sound.onward("verify", "--checkpoint", str(kept))
        files = {name: content for name, content in unpacked(path).items() if not name.startswith("handed/")}
        path.write_bytes(zipped(signed_anew(files, new)))
    code, text = checked(path, "--key", old)
    assert (code, "signed no checkpoint that says so" in text) == (1, True), "whoever has the new key alone cannot say it"


@pytest.mark.parametrize("redaction", [(), ("--redact", "client", "--vendor", "mailer"), ("--redact", "public")])
def test_a_bundle_as_known_before_a_rotation_leads_from_the_old_key_to_the_new_one(
    sound: Register, key: Path, folder: Path, redaction: tuple[str, ...]
) -> None:
    kept, old = folder / "kept.note", fingerprint(key)
    sound.onward("checkpoint", "--out", str(kept))
    (before,) = sound.ask("select max(at) from journal_entry")[0]
    with environment(ONWARD_KEY=str(followed(sound, folder))):
        path = exported(sound, folder, "--known-on", f"{before:%Y-%m-%dT%H:%M:%S.%fZ}", *redaction)
    code, said = checked(path, "--checkpoint", str(kept))
    assert code == 0, said
    assert ("followed it is not shown here" in said) is ("public" in redaction)
    if "public" not in redaction:
        assert old in unpacked(path)["records/transfers.json"].decode(), "the fingerprint that the record prints"
    code, said = checked(path, "--key", old)
    assert (code, "followed by another one on" in said) == ((1, False) if "public" in redaction else (0, True)), said
    files = unpacked(path)
    assert files["journal/keys.jsonl"].count(b"\n") == (0 if "public" in redaction else 2), "the end of one and the next"
    if "public" not in redaction:
        files["journal/keys.jsonl"] = b""
        path.write_bytes(zipped(signed_anew(files, folder / "new.pem")))
        assert "is missing, or does not belong" in checked(path, "--checkpoint", str(kept))[1]


def test_where_the_old_key_was_lost_its_fingerprint_shows_nothing_and_is_told_why(
    sound: Register, key: Path, folder: Path
) -> None:
    kept, old = folder / "kept.note", fingerprint(key)
    sound.onward("checkpoint", "--out", str(kept))
    new = followed(sound, folder, lost=True)
    with environment(ONWARD_KEY=str(new)):
        said = sound.onward("verify", "--key", old, exit_code=1)
        assert "No checkpoint that the old key signed says so" in said
        path = exported(sound, folder)
    code, text = checked(path, "--key", old)
    assert (code, "signed no checkpoint that says so" in text) == (1, True)
    assert checked(path, "--checkpoint", str(kept))[0] == 0, "what was kept is what the journal goes on from"
