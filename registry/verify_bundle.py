#!/usr/bin/env python3
"""Checks a bundle without Onward: Python's standard library from 3.9 on, no network, and nothing is ever written.

    python3 -I -S verify.py F.zip --key FINGERPRINT     as a record prints it that you have from elsewhere
    python3 -I -S verify.py F.zip --checkpoint FILE     what `onward checkpoint` wrote at an earlier visit

Without F.zip it looks at the folder in which it lies. Exit 0: all fits, and where it comes from is shown. Exit 1: something
does not fit, or nothing from elsewhere was brought: whoever makes a bundle anew, key and all, makes one that fits in itself.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

FORMAT, MANIFEST, LARGEST = "onward bundle 1", "manifest.note", 2**31
UNSHOWN = "consistent, origin not shown"
NOT_CHECKED = (
    "Not checked here: that verdicts and records follow from the rows and the law (Onward makes them again from both), that "
    "CSV says what JSON says, and whether rows that no longer stand, but are referred to, are all in register.json."
)
UNREADABLE = (ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError)
PACKED = (struct.error, zipfile.BadZipFile, zlib.error)
BROUGHT = "the checkpoint you brought"
ITS_WORD = "What is withheld, and that nothing newer about a row is among it, is the word of whoever signed."
Point = tuple[int, int, int, int]
Files = dict[str, bytes]
Said = dict[str, str]
Entries = dict[int, Any]
Values = dict[tuple[int, str], str]


class Wrong(Exception):
    """What does not fit, in a sentence."""


def say(text: str) -> None:
    """Prints; nothing that a bundle holds may steer the terminal."""
    print("".join(c if c.isprintable() or c == "\n" else "?" for c in text).encode("ascii", "backslashreplace").decode())


def lines_of(content: bytes) -> list[bytes]:
    *lines, rest = content.split(b"\n")
    if rest:
        raise Wrong("journal: a file ends in the middle of a line")
    return lines


# Ed25519 (RFC 8032, 5.1): the curve -x² + y² = 1 + D·x²·y² modulo P; points as (X, Y, Z, T), x = X/Z, y = Y/Z, xy = T/Z.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL: Point = (0, 1, 1, 0)


def plus(one: Point, two: Point) -> Point:
    """The sum of two points (5.1.4)."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]), (one[1] + one[0]) * (two[1] + two[0])
    c, d = 2 * D * one[3] * two[3], 2 * one[2] * two[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    found = NEUTRAL
    while number:
        if number & 1:
            found = plus(found, point)
        point, number = plus(point, point), number >> 1
    return found


def same(one: Point, two: Point) -> bool:
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def point_of(encoded: bytes) -> Point | None:
    """The point that 32 bytes stand for (5.1.3): y and the lowest bit of x; None where they stand for none."""
    number = int.from_bytes(encoded, "little")
    y, odd = number & (2**255 - 1), number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if len(encoded) != 32 or y >= P or (v * x * x - u) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or NEUTRAL


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key signed the message (5.1.7); a key that would fit any message is none."""
    key, start = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or start is None or len(signature) != 64 or scalar >= ORDER or same(times(8, key), NEUTRAL):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return same(times(scalar, BASE), plus(start, times(challenge, key)))


# Signed notes (C2SP): text, an empty line, and lines of "— name base64(4 bytes of the key's id, signature)".
def key_of(vkey: str) -> tuple[str, bytes]:
    """Name and public key of a line name+id+base64."""
    match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})", vkey)
    blob = base64.b64decode(match[3]) if match else b""
    if not match or blob[:1] != b"\x01" or key_id(match[1], blob[1:]).hex() != match[2]:
        raise Wrong(f"{MANIFEST}: the key it names is none")
    return match[1], blob[1:]


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def opened(note: bytes, key: tuple[str, bytes], called: str) -> list[str]:
    """The lines of a note's text, if that key signed it."""
    text, parted, signatures = note.rpartition(b"\n\n")
    signed = False
    for line in signatures.decode("utf-8", "replace").split("\n")[:-1]:
        match = re.fullmatch(r"\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})", line)
        if not match or len(match[2]) % 4:
            raise Wrong(f"{called}: {line[:60]!r} is no line of a signature")
        blob = base64.b64decode(match[2])
        if match[1] == key[0] and blob[:4] == key_id(*key):
            if not ed25519(key[1], blob[4:], text + b"\n"):
                raise Wrong(f"{called}: the signature does not fit the text: one of them, or the key, was altered")
            signed = True
    if not parted or not signed:
        raise Wrong(f"{called}: not signed with the bundle's key, {hashlib.sha256(key[1]).hexdigest()}")
    return text.decode().split("\n")


def head_of(lines: list[str], called: str) -> tuple[str, int, bytes]:
    """Origin, size and root that a checkpoint states."""
    if len(lines) < 3 or not re.fullmatch(r"[1-9]\d{0,15}", lines[1]) or not re.fullmatch(r"[A-Za-z0-9+/]{43}=", lines[2]):
        raise Wrong(f"{called}: is no checkpoint: origin, number of entries and root are expected")
    return lines[0], int(lines[1]), base64.b64decode(lines[2])


# What lies in the bundle, and what its manifest says of it.
def read(place: str) -> Files:
    """Every file of a zip or a folder, read and never written: no name in it is used as a path of this machine."""
    files: Files = {}
    if os.path.isdir(place):
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    raise Wrong(f"{os.path.relpath(path, place)!r}: is no plain file")
                with open(path, "rb") as file:
                    files[os.path.relpath(path, place).replace(os.sep, "/")] = file.read()
        return files
    with zipfile.ZipFile(place) as packed:
        if sum(one.file_size for one in packed.infolist()) > LARGEST:
            raise Wrong(f"more than {LARGEST} bytes when unpacked: it is not opened")
        for one in packed.infolist():
            if one.is_dir() and not one.file_size:
                continue  # a folder by itself, as other programs note it when they pack again
            if one.filename in files:
                raise Wrong(f"{one.filename!r}: stands twice in the zip")
            files[one.filename] = packed.read(one)
    return files


def manifest_of(files: Files) -> tuple[dict[str, str], dict[str, str], tuple[str, bytes]]:
    """What the manifest says, the SHA-256 of each file, and the key that signed it; whatever it lists must be there."""
    if MANIFEST not in files:
        raise Wrong(f"{MANIFEST}: is missing")
    named = re.search(rb"^key (.*)$", files[MANIFEST], re.M)
    key = key_of(named[1].decode("utf-8", "replace") if named else "")
    lines = opened(files[MANIFEST], key, MANIFEST)
    listed = dict(line.split("  ", 1)[::-1] for line in lines if re.match(r"[0-9a-f]{64}  ", line))
    said = dict(line.partition(" ")[::2] for line in lines[1:] if not re.match(r"[0-9a-f]{64}  ", line))
    if lines[0] != FORMAT or len(listed) + len(said) + 1 != len(lines) or said.get("origin") != key[0]:
        raise Wrong(f"{MANIFEST}: is no manifest of the format {FORMAT!r}")
    wrong = [f"{name!r}: is missing" for name in sorted(listed.keys() - files.keys())]
    wrong += [f"{name!r}: is not in the manifest" for name in sorted(files.keys() - listed.keys() - {MANIFEST})]
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            wrong.append(f"{name!r}: was altered: its SHA-256 is not the manifest's")
    if wrong:
        raise Wrong("\n       ".join(wrong))
    return said, listed, key


# The journal: an RFC 6962 tree, its leaves SHA-256(0 | entry), its nodes SHA-256(1 | left | right).
def journal_of(files: Files, said: Said) -> tuple[Entries, Entries, list[bytes]]:
    """The entries by number, those apart that came later and name a key; and every leaf's hash: of an entry that is here from
    its bytes, of another one as given."""
    entries: Entries = {}
    keys: Entries = {}
    hashes = {}
    for file, there in (("entries", entries), ("keys", keys)):
        for line in lines_of(files[f"journal/{file}.jsonl"]):
            entry = json.loads(line)
            if entry["sequence"] in hashes:
                raise Wrong(f"entry {entry['sequence']}: stands twice")
            there[entry["sequence"]] = entry
            hashes[entry["sequence"]] = hashlib.sha256(b"\x00" + line).digest()
    for line in lines_of(files["journal/withheld.txt"]):
        match = re.fullmatch(rb"([1-9]\d{0,15}) ([0-9a-f]{64})", line)
        if not match or int(match[1]) in hashes:
            raise Wrong(f"journal/withheld.txt: {line[:90]!r}: no number and hash of an entry that is not here")
        hashes[int(match[1])] = bytes.fromhex(match[2].decode())
    last, size = int(said["entries"]), int(said["size"])
    missing = sorted(set(range(1, size + 1)) ^ hashes.keys())
    if any(number <= last or one["table"] != "signing_key" for number, one in keys.items()):
        raise Wrong("journal/keys.jsonl: holds what is no later entry that names a key")
    if missing or max(entries, default=0) > last:
        raise Wrong(f"entry {(missing or [max(entries)])[0]}: is missing, or does not belong to the {last} shown of {size}")
    if last - len(entries) != int(said["withheld-entries"]):
        raise Wrong(f"{last - len(entries)} of {last} entries are withheld, the manifest says {said['withheld-entries']}")
    if 1 in entries and said["origin"] != f"onward/{entries[1]['nonce']}":
        raise Wrong("entry 1: is not the one that the origin is named after")
    return entries, keys, [hashes[number] for number in range(1, size + 1)]


def roots(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The roots of the first so many leaves, for each of the sizes."""
    trees: list[bytes] = []
    found = {}
    for size, leaf in enumerate(leaves, 1):
        trees.append(leaf)
        for _ in range((size & -size).bit_length() - 1):
            right = trees.pop()
            trees[-1] = hashlib.sha256(b"\x01" + trees[-1] + right).digest()
        if size in sizes:
            root = trees[-1]
            for left in reversed(trees[:-1]):
                root = hashlib.sha256(b"\x01" + left + root).digest()
            found[size] = root
    return found


def values_of(files: Files, said: Said, entries: Entries, tables: Any) -> Values:
    """The values disclosed, by entry and column, each with its commitment in the entry: SHA-256(salt | value)."""
    values: Values = {}
    for line in lines_of(files["journal/values.jsonl"]):
        one = json.loads(line)
        entry, name = entries.get(one["sequence"], {"image": {}, "why": None}), one["name"]
        commitment = entry["why"] if name == "(why)" else entry["image"].get(name)
        salt = bytes.fromhex(one["salt"])
        if salt.hex() != one["salt"] or hashlib.sha256(salt + one["value"].encode()).hexdigest() != commitment:
            raise Wrong(f"entry {one['sequence']}: the value of {name} is not the one it commits to")
        values[one["sequence"], name] = one["value"]
    held = sum(entry["why"] is not None for entry in entries.values())
    for entry in entries.values():
        held += sum(entry["image"].get(name) is not None for name in tables.get(entry["table"], {}).get("personal", ()))
    if held - len(values) != int(said["withheld-values"]) + int(said["erased-values"]):
        raise Wrong(f"{held - len(values)} values are not here, the manifest does not say so many withheld or erased")
    return values


# The register, the records and the verdicts.
def register_fits(files: Files, said: Said, entries: Entries, values: Values, tables: Any) -> tuple[int, int]:
    """Every row against the newest image of it; returns how many were, and how many rest on entries that are withheld."""
    newest = {(entry["table"], entry["row"]): entry for _, entry in sorted(entries.items()) if entry["table"] in tables}
    keys = {(table, entry["image"]["thing"]): entry["image"]["key"] for (table, _), entry in newest.items()}
    known: dict[Any, list[Any]] = {}
    for (table, _), entry in newest.items():
        row = {name: value for name, value in shown(entry, values, keys, tables[table]) if value is not None}
        known.setdefault((table, row["key"], row["since"]), []).append(row)
    fitting, alone, there = 0, 0, set()
    for table, rows in json.loads(files["register.json"]).items():
        if table not in tables and table != "register":
            raise Wrong(f"register.json: {table!r}: is no table of the journal's")
        for row in rows if table in tables else ():
            for name in tables[table]["contents"]:
                if name in row and hashlib.sha256(base64.b64decode(row.pop(name))).hexdigest() != row.get("sha256"):
                    raise Wrong(f"register.json: {table} {row['key']!r}: its bytes are not those of its SHA-256")
            found = known.get((table, row["key"], row["since"]), [])
            row = {name: value for name, value in row.items() if value is not None}
            there.add((table, row["key"], row["since"]))
            if any(alike(row, one) for one in found):
                fitting += 1
            elif found or said["withheld-entries"] == "0":
                raise Wrong(f"register.json: {table} {row['key']!r} since {row['since']}: the journal does not say so")
            else:
                alone += 1
    for place, found in known.items():
        if place not in there and any(row["since"] <= said["as-of"] < row.get("until", "9999") for row in found):
            raise Wrong(f"register.json: {place[0]} {place[1]!r} since {place[2]}: stands in the journal, and is missing here")
    return fitting, alone


def shown(entry: Any, values: Values, keys: dict[Any, str], about: Any) -> Iterator[tuple[str, Any]]:
    """An image's columns as register.json has them; ... for the key of something that is withheld."""
    for name, value in entry["image"].items():
        if name in {"id", "thing", "version"} or value is None or about["defaults"].get(name, ...) == value:
            continue
        if name in about["personal"]:
            yield name, values.get((entry["sequence"], name))
        else:
            yield name, keys.get((about["links"][name], value), ...) if name in about["links"] else value


def alike(row: Any, image: Any) -> bool:
    names = {name for name, value in image.items() if value is not ...}
    return row.keys() - names <= image.keys() and all(row.get(name) == image[name] for name in names)


def records_fit(files: Files, said: Said, leaves: list[bytes]) -> None:
    """Records and verdicts against the clocks, the law's files and the tree; each transfer judged against the register."""
    law = hashlib.sha256()
    own = sorted(name for name in files if name.startswith("law/own/"))
    listed = sorted(name for name in files if name.startswith("law/instruments/"))
    for name in ("law/countries.toml", "law/memberships.toml", "law/policies.toml", *listed, *own):
        law.update(name.rpartition("/")[2].encode() + b"\0" + files[name] + b"\0")
    if law.hexdigest() != said["law"]:
        raise Wrong("law: the files are not those of the fingerprint")
    clocks = (said["as-of"], said["known-on"], said["law"])
    for name in sorted(files):
        if name.startswith("records/") and name.endswith(".json"):
            one = json.loads(files[name])
            mark = re.fullmatch(r"(\d+) entries, root (\S+)", one["proof"]["Checkpoint"])
            root = roots(leaves, {int(mark[1])}).get(int(mark[1]), b"") if mark else b""
            if (one["valid_on"], one["known_on"], one["law_version"], str(one["sequence"])) != (*clocks, said["entries"]):
                raise Wrong(f"{name}: is of other clocks, another law or another journal than the bundle")
            if not mark or base64.b64encode(root).decode() != mark[2]:
                raise Wrong(f"{name}: the checkpoint it prints is not one of this journal")
    transfers = {row["key"] for row in json.loads(files["register.json"]).get("transfer", ())}
    for one in json.loads(files["verdicts.json"]):
        if (one["as_of"], one["known_on"], one["law_version"]) != clocks or one["transfer"] not in transfers:
            raise Wrong(f"verdicts.json: {one['transfer']!r}: of other clocks or another law, or no transfer of the register")


# The key may have followed others: each of them signed a checkpoint over the entry that names the next one.
def keys_before(files: Files, entries: Entries, leaves: list[bytes], key: tuple[str, bytes]) -> list[Any]:
    """The register's earlier keys, the last one first: the key, the day of the next, and whether signatures lead on to now."""
    named: dict[int, Any] = {}
    for number, entry in sorted(entries.items()):
        if entry["table"] == "signing_key":
            named.setdefault(entry["row"], (number, key_of(entry["image"]["vkey"]), entry["image"]["since"]))
    chain, found = list(named.values()), []
    if not chain or chain[-1][1] != key:
        return []
    heads = [files[name] for name in sorted(files) if name.startswith("handed/")]
    leads = True
    for place in range(len(chain) - 1, 0, -1):
        (_, one, _), (number, _, day) = chain[place - 1 : place + 1]
        leads = leads and any(covers(note, one, leaves, number) for note in heads)
        found.append((one, day, leads))
    return found


def covers(note: bytes, key: tuple[str, bytes], leaves: list[bytes], number: int) -> bool:
    """Whether that key signed this checkpoint, and it is one of this journal that covers the entry."""
    try:
        origin, size, root = head_of(opened(note, key, "handed"), "handed")
    except Wrong:
        return False
    return origin == key[0] and size >= number and roots(leaves, {size}).get(size) == root


def opened_by_one(note: bytes, key: tuple[str, bytes], former: list[tuple[str, bytes]], led: list[Any]) -> list[str]:
    """As `opened`, by the bundle's key or by a former one; what is wrong with it is told of the first."""
    for one in [key, *former]:
        try:
            lines = opened(note, one, BROUGHT)
        except Wrong:
            continue
        if one != key and (one, True) not in led:
            standing = hashlib.sha256(key[1]).hexdigest()
            say(f"{BROUGHT} is signed with a former key; that {standing} followed it is not shown here")
        return lines
    return opened(note, key, BROUGHT)


def key_shown(fingerprint: str, key: tuple[str, bytes], before: list[Any]) -> None:
    """Says how the key that was brought leads to the bundle's. Raises Wrong where it does not."""
    standing = hashlib.sha256(key[1]).hexdigest()
    if fingerprint == standing:
        return
    for one, day, leads in before:
        if fingerprint == hashlib.sha256(one[1]).hexdigest():
            followed = f"the key you brought was followed by another one on {day}; now {standing} stands"
            if not leads:
                raise Wrong(f"{followed}. The old key signed no checkpoint that says so: ask the house why")
            return say(f"{followed}. The old key signed a checkpoint that says so itself: keep the new fingerprint")
    raise Wrong(
        f"the key you brought is {fingerprint}, the one that signed {standing}: nothing here leads from one to the other"
    )


def checked(files: Files, fingerprint: str | None, earlier: bytes | None) -> bool:
    """Looks at everything, prints what was found; whether the origin is shown. Raises Wrong for the first that does not fit."""
    said, listed, key = manifest_of(files)
    say(f"{len(listed)} files as in the manifest, signed with {hashlib.sha256(key[1]).hexdigest()} of {key[0]}")
    say(f"valid on {said['as-of']}, known on {said['known-on']}" + (f". {said['notice']}." if "notice" in said else ""))
    origin, size, root = head_of(opened(files["checkpoint.note"], key, "checkpoint.note"), "checkpoint.note")
    entries, later_keys, leaves = journal_of(files, said)
    if (origin, size) != (key[0], len(leaves)) or roots(leaves, {size})[size] != root:
        raise Wrong("journal: an entry was altered, put in or taken out: the root is not the checkpoint's")
    tables = json.loads(files["journal/tables.json"])
    values = values_of(files, said, entries, tables)
    later, gone, erased = size - int(said["entries"]), said["withheld-values"], said["erased-values"]
    say(f"{len(entries)} entries ({said['withheld-entries']} withheld, {later} later), root as in the checkpoint")
    say(f"{len(values)} values as their commitments say ({gone} withheld, {erased} erased)")
    fitting, alone = register_fits(files, said, entries, values, tables)
    say(f"{fitting} rows as the journal has them, {alone} rest on withheld entries: the signature alone vouches for these")
    records_fit(files, said, leaves)
    if said["redacted"] == "no" and (said["withheld-entries"], said["withheld-values"]) != ("0", "0"):
        raise Wrong(f"{MANIFEST}: says that nothing is redacted, and that something is withheld")
    say(NOT_CHECKED if said["redacted"] == "no" else f"Redacted: {said['redacted']}. {ITS_WORD}\n{NOT_CHECKED}")
    before = keys_before(files, entries | later_keys, leaves, key)
    if fingerprint is not None:
        key_shown(fingerprint.strip().lower(), key, before)
    if earlier is not None:
        former = [key_of(one) for one in said.get("former-keys", "").split()]
        led = [(one, leads) for one, _, leads in before]
        origin, size, root = head_of(opened_by_one(earlier, key, former, led), BROUGHT)
        if origin != key[0] or roots(leaves, {size}).get(size) != root:
            raise Wrong(f"{BROUGHT}: this journal is no continuation of it: {size} entries of {origin}, {len(leaves)} here")
    return fingerprint is not None or earlier is not None


def main() -> int:
    asked = argparse.ArgumentParser(description="Checks a bundle of Onward, offline.")
    asked.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    asked.add_argument("--key", help="the fingerprint that a record of yours prints")
    asked.add_argument("--checkpoint", help="a file: the checkpoint of an earlier visit")
    given = asked.parse_args()
    return told(given.bundle, given.key, given.checkpoint)


def told(place: str, fingerprint: str | None, checkpoint: str | None) -> int:
    """Says what is found; 0 where all fits and the origin is shown, else 1."""
    try:
        earlier = None
        if checkpoint:
            try:
                with open(checkpoint, "rb") as file:
                    earlier = file.read()
            except OSError as error:
                raise Wrong(f"the checkpoint {checkpoint} cannot be read: {error.strerror}") from error
        is_shown = checked(read(place), fingerprint, earlier)
    except Wrong as wrong:
        say(f"WRONG  {wrong}")
        return 1
    except OSError as error:
        say(f"WRONG  {place} cannot be read: {error.strerror or error}")
        return 1
    except (*UNREADABLE, *PACKED) as error:
        say(f"WRONG  cannot be read as a bundle: {type(error).__name__}: {error}")
        return 1
    say("OK     everything fits, and its origin is shown" if is_shown else f"{UNSHOWN}: bring --key or --checkpoint")
    return 0 if is_shown else 1


if __name__ == "__main__":
    sys.exit(main())
