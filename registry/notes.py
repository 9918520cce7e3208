"""Signed notes and checkpoints as C2SP writes them: text that people can read, and signatures beneath it.

signed-note: text, an empty line, and a line for each signature: an em dash, the key's name, and base64 of the key's four
bytes and the signature. tlog-checkpoint: the text is origin, size and root of a tree, a line each, and lines of our own.
"""

import base64
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.errors import Refused

ED25519 = b"\x01"  # the algorithm's number in key ids and verifier keys
DASH = "\u2014"


class Verifier(msgspec.Struct, frozen=True):
    """A public key by its name: whoever holds it can tell what was signed with the private one. `public` is 32 bytes."""

    name: str
    public: bytes

    @property
    def short(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key in hexadecimal: what records print and auditors bring along."""
        return hashlib.sha256(self.public).hexdigest()

    @property
    def vkey(self) -> str:
        """The key as one line of text: name, id, and the key itself."""
        return f"{self.name}+{self.short.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Checkpoint(msgspec.Struct, frozen=True):
    """A head of the tree: how many entries, their root (32 bytes), and what else was said with it."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.more)
        return "".join(f"{line}\n" for line in lines)


def sign(text: str, *keys: tuple[Verifier, Ed25519PrivateKey]) -> str:
    """The note of a text, signed with each of the keys."""
    lines = [
        f"{DASH} {verifier.name} {base64.b64encode(verifier.short + key.sign(text.encode())).decode()}\n"
        for verifier, key in keys
    ]
    return f"{text}\n{''.join(lines)}"


def opened(note: str, verifiers: list[Verifier]) -> tuple[str, list[Verifier]]:
    """The text of a note, and who of those asked about has signed it; other signatures are passed over.

    Raises Refused for what is no note, or where the signature of one of them does not fit the text.
    """
    text, parted, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = signatures.splitlines()
    if not parted or not lines or not note.endswith("\n") or not all(line.startswith(f"{DASH} ") for line in lines):
        raise Refused("this is no signed note: text, an empty line, and lines of signatures are expected")
    by = []
    for line in lines:
        name, _, encoded = line.removeprefix(f"{DASH} ").partition(" ")
        try:
            blob = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise Refused(f"the signature of {name[:80]!r} is no base64") from error
        for one in verifiers:
            if one.name == name and one.short == blob[:4]:
                if not one.signed(text, blob[4:]):
                    raise Refused(f"the signature of {name[:80]!r} does not fit the text: one of them was altered")
                by.append(one)
    return text, by


def signers(note: str, verifiers: list[Verifier]) -> list[Verifier]:
    """Who of those asked about has signed a note; nobody where it was altered."""
    try:
        return opened(note, verifiers)[1]
    except Refused:
        return []


def checkpoint(text: str) -> Checkpoint:
    """The head that a note's text states. Raises Refused naming the line."""
    lines = text.splitlines()
    if len(lines) < 3 or not all(lines):
        raise Refused("a checkpoint has at least three lines, none of them empty: origin, number of entries, root")
    origin, size, head, *more = lines
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
        raise Refused("line 2 of the checkpoint: the number of entries is expected")
    try:
        root = base64.b64decode(head, validate=True)
    except ValueError:
        root = b""
    if len(root) != 32:
        raise Refused("line 3 of the checkpoint: the root is expected, 32 bytes in base64")
    return Checkpoint(origin, int(size), root, tuple(more))


def verifier(vkey: str) -> Verifier:
    """The key that a line of text states. Raises Refused where its parts do not fit together."""
    name, _, rest = vkey.strip().partition("+")
    short, _, encoded = rest.partition("+")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError:
        blob = b""
    found = Verifier(name, blob[1:])
    if not name or blob[:1] != ED25519 or len(blob) != 33 or found.short.hex() != short:
        raise Refused("this is no Ed25519 verifier key: name+id+base64 is expected, as `onward key show` prints it")
    return found
