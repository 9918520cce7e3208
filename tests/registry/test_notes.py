"""Signed notes and checkpoints: the published example, a reader written from the specification, and what is no note."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from registry import notes
from registry.errors import Refused
from registry.notes import Checkpoint, Verifier

# The example that golang.org/x/mod/sumdb/note publishes with its format.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OURS = Verifier("onward/0011", KEY.public_key().public_bytes_raw())
HEAD = Checkpoint("onward/0011", 1234, bytes(range(32)), ("looks 2026-11-22 abc",))


def read(note: str, vkey: str) -> tuple[str, int, bytes]:
    """A reader by the letter of C2SP signed-note and tlog-checkpoint, with nothing of ours in it."""
    name, short, key = vkey.split("+", 2)
    blob = base64.b64decode(key)
    assert blob[0] == 1
    assert hashlib.sha256(name.encode() + b"\x0a" + blob).digest()[:4].hex() == short
    encoded = note.encode()
    end = encoded.rindex(b"\n\n")
    text, signatures = encoded[: end + 1], encoded[end + 2 :].decode()
    fitting = 0
    for line in signatures.removesuffix("\n").split("\n"):
        dash, signer, said = line.split(" ")
        assert dash == "\u2014"
        signature = base64.b64decode(said)
        if signer == name and signature[:4].hex() == short:
            Ed25519PublicKey.from_public_bytes(blob[1:]).verify(signature[4:], text)
            fitting += 1
    assert fitting == 1
    origin, size, root, *_ = text.decode().split("\n")
    return origin, int(size), base64.b64decode(root)


def test_the_published_example_is_read() -> None:
    one = notes.verifier(NEUMANN)
    text, by = notes.opened(PUBLISHED, [one])
    assert by == [one]
    assert text.endswith("what your problem is.\n")
    assert one.vkey == NEUMANN


def test_a_checkpoint_is_read_by_the_specification() -> None:
    note = notes.sign(HEAD.text, (OURS, KEY))
    assert read(note, OURS.vkey) == ("onward/0011", 1234, bytes(range(32)))
    text, by = notes.opened(note, [OURS])
    assert (notes.checkpoint(text), by) == (HEAD, [OURS])
    assert notes.verifier(OURS.vkey) == OURS


def test_two_keys_sign_one_note() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    next_one = Verifier("onward/0011", other.public_key().public_bytes_raw())
    note = notes.sign(HEAD.text, (OURS, KEY), (next_one, other))
    assert notes.opened(note, [OURS, next_one])[1] == [OURS, next_one]
    assert notes.opened(note, [next_one])[1] == [next_one]
    assert notes.opened(note, [])[1] == []


@given(st.data())
def test_one_character_otherwise_and_it_is_refused_or_unsigned(data: st.DataObject) -> None:
    note = notes.sign(HEAD.text, (OURS, KEY))
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.sampled_from("Aa0+/=\n \u2014").filter(lambda one: one != note[place]))
    altered = note[:place] + other + note[place + 1 :]
    try:
        text, by = notes.opened(altered, [OURS])
    except Refused:
        return
    assert by == [] or (text, base64.b64decode(note.split()[-1])) == (HEAD.text, base64.b64decode(altered.split()[-1]))


@pytest.mark.parametrize(
    "text", ["", "a\n", "a\n1\n", "a\nx\n" + "A" * 44 + "\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "\n1\nAAAA\n"]
)
def test_what_is_no_checkpoint_is_refused_with_the_line(text: str) -> None:
    with pytest.raises(Refused, match="checkpoint"):
        notes.checkpoint(text)


@pytest.mark.parametrize("vkey", ["", "a", "a+b", "a+00000000+AA==", NEUMANN[:-4], NEUMANN.replace("c7", "c8"), "b" + NEUMANN])
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(Refused, match="verifier key"):
        notes.verifier(vkey)


@pytest.mark.parametrize("note", ["", "text\n", "text\n\n", "text\n\nno dash\n", PUBLISHED.removesuffix("\n")])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(Refused):
        notes.opened(note, [notes.verifier(NEUMANN)])
