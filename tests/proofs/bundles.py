"""One bit of a bundle at a time, and one entry: `verify.py` fails each time, in a process of its own, offline (`-I -S`).

What the manifest covers is altered twice: by a stranger, whom its signature finds; and by the house itself, which signs the
manifest anew, so that what lies beneath (checkpoint, leaves, values, rows) must tell.
"""

import base64
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from assessments.bundle import zipped
from registry.verify_bundle import MANIFEST, key_id
from tests.assessments.test_bundle import Files, checked, exported, fingerprint, signed_anew, told, unpacked
from tests.support import Register, environment

CHECKPOINT, ENTRIES, WITHHELD = "checkpoint.note", "journal/entries.jsonl", "journal/withheld.txt"
VALUES = "journal/values.jsonl"


def altered_bundles(register: Register, key: Path, folder: Path, chance: random.Random) -> dict[str, int]:
    """Makes a whole and a redacted bundle and alters each everywhere; how many alterations of each kind were found."""
    found: Counter[str] = Counter()
    with environment(ONWARD_KEY=str(key)):
        register.load(told(), folder)
        for number, words in enumerate([(), ("--redact", "client", "--vendor", "mailer")]):
            path = exported(register, folder, *words, name=f"{number}.zip")
            files = unpacked(path)
            assert checked(path, "--key", fingerprint(key))[0] == 0, "it is sound before"
            for what, altered in alterations(files, key, chance):
                assert altered != files, what
                path.write_bytes(zipped(altered))
                code, text = checked(path, "--key", fingerprint(key))
                assert code == 1, f"{what}: {text}"
                assert "WRONG  " in text, f"{what}: {text}"
                found[what] += 1
    return dict(found)


def alterations(files: Files, key: Path, chance: random.Random) -> Iterator[tuple[str, Files]]:
    """Every alteration, as what it is called and what the bundle's files then are."""
    for note in (MANIFEST, CHECKPOINT):
        for content in _in_signature(files[note], chance):
            yield "byte of a signature", files | {note: content}
            if note != MANIFEST:
                yield "byte of a signature, signed anew", signed_anew(files | {note: content}, key)
    for content in _in_key(files[MANIFEST], chance):
        yield "byte of the key", files | {MANIFEST: content}
    for name, content in sorted(files.items()):
        if content:
            yield "file", files | {name: flipped(content, chance.randrange(len(content)), chance)}
        yield "file taken out", {other: kept for other, kept in files.items() if other != name}
    for name, what in ((ENTRIES, "entry"), (WITHHELD, "leaf"), (VALUES, "value")):
        lines = files[name].splitlines(keepends=True)
        for place, line in enumerate(lines):
            flip = flipped(line, chance.randrange(len(line)), chance)
            yield f"{what}, signed anew", signed_anew(_with(files, name, lines, place, [flip]), key)
            yield f"{what} dropped, signed anew", signed_anew(_with(files, name, lines, place, []), key)


def _with(files: Files, name: str, lines: list[bytes], place: int, there: list[bytes]) -> Files:
    return files | {name: b"".join([*lines[:place], *there, *lines[place + 1 :]])}


def flipped(content: bytes, place: int, chance: random.Random) -> bytes:
    """One bit of a byte another."""
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def _in_signature(note: bytes, chance: random.Random) -> Iterator[bytes]:
    """A bit of each byte of the last signature and of the id of its key, still base64."""
    text, _, blob = note.decode().rpartition(" ")
    raw = base64.b64decode(blob)
    for place in range(len(raw)):
        yield f"{text} {base64.b64encode(flipped(raw, place, chance)).decode()}\n".encode()


def _in_key(manifest: bytes, chance: random.Random) -> Iterator[bytes]:
    """A bit of each byte of the key that the manifest names, with the key's id as it was and with that of the new key."""
    line = next(line for line in manifest.decode().splitlines() if line.startswith("key "))
    name, short, encoded = line.removeprefix("key ").split("+", 2)
    raw = base64.b64decode(encoded)
    for place in range(len(raw)):
        other = flipped(raw, place, chance)
        for called in (short, key_id(name, other[1:]).hex()):
            yield manifest.replace(line.encode(), f"key {name}+{called}+{base64.b64encode(other).decode()}".encode())
