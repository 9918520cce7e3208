"""Law packs in one piece: the same files out as in, found by how a fingerprint begins, refused where anything differs."""

import zlib
from collections.abc import Mapping

import msgspec
import pytest

from registry import law
from registry.errors import Misused
from registry.law import packs
from registry.law.files import LawError
from registry.law.loader import fingerprint, parsed
from registry.law.packs import Kept

PACK = law.brought()
KEPT = Kept(PACK.version, packs.packed(PACK.sources))


def made(files: Mapping[str, bytes], version: str | None = None) -> Kept:
    return Kept(version or fingerprint(files), packs.packed(files))


def test_what_is_kept_comes_out_as_it_went_in() -> None:
    found = law.kept_pack(KEPT)
    assert list(found.sources.items()) == list(PACK.sources.items())
    assert (found.version, found.change_days) == (PACK.version, PACK.change_days)
    assert found.instruments == PACK.instruments
    assert found.memberships == PACK.memberships


@pytest.mark.parametrize("name", ["law/instruments/eu-gdpr.toml", "law/countries.toml", "law/memberships.toml"])
def test_a_byte_more_in_any_file_is_another_law(name: str) -> None:
    altered = {**PACK.sources, name: PACK.sources[name] + b"\n"}
    assert fingerprint(altered) != PACK.version
    with pytest.raises(LawError) as refused:
        packs.opened(made(altered, PACK.version))
    assert str(refused.value) == (
        f"the law {PACK.version[:12]} that the register keeps was altered: its files have the fingerprint "
        f"{fingerprint(altered)[:12]}; `onward verify` says more, a backup holds the right ones"
    )
    assert packs.opened(made(altered)).version == fingerprint(altered)


def test_a_file_more_less_or_by_another_name_is_another_law() -> None:
    name = "law/instruments/eu-us-dpf.toml"
    fewer = {key: content for key, content in PACK.sources.items() if key != name}
    more = {**PACK.sources, "law/own/own.toml": PACK.sources[name].replace(b'"eu-us-dpf"', b'"own"')}
    assert len({PACK.version, fingerprint(fewer), fingerprint(more)}) == 3
    assert "eu-us-dpf" not in packs.opened(made(fewer)).instruments
    assert packs.opened(made(more)).instruments["own"].own


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zlib",
        zlib.compress(b"[]"),
        zlib.compress(b"{}"),
        KEPT.content[:-9],
        zlib.compress(msgspec.json.encode({"law/countries.toml": "x = 1"})),
    ],
)
def test_what_is_no_pack_is_refused_with_the_way_out(content: bytes) -> None:
    with pytest.raises(LawError) as refused:
        packs.opened(Kept(PACK.version, content))
    fault, way_out = str(refused.value).rsplit("; ", 1)
    assert fault.startswith(f"the law {PACK.version[:12]} that the register keeps cannot be read by this program: ")
    assert way_out == (
        "`onward verify` tells whether it was altered, `onward law adopt` makes the law of this program the present one"
    )


def test_what_was_law_once_is_read_though_it_would_not_be_adopted_today() -> None:
    files = {
        **PACK.sources,
        "law/own/own.toml": PACK.sources["law/instruments/eu-adequacy-jp.toml"].replace(b'"eu-ade', b'"own-', 1),
    }
    files = {name.replace("own.toml", "own-quacy-jp.toml"): content for name, content in files.items()}
    with pytest.raises(LawError, match="overlaps"):
        parsed(files)
    assert "own-quacy-jp" in packs.opened(made(files)).instruments


def test_a_file_that_is_no_text_cannot_be_kept() -> None:
    with pytest.raises(LawError, match=r"^a file of the law is no UTF-8 \(.*\): write it in UTF-8$"):
        packs.packed({"law/own/x.toml": b"\xff"})


def test_a_digest_is_the_sha_256_of_the_bytes() -> None:
    assert packs.digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_law_is_found_by_how_its_fingerprint_begins() -> None:
    versions = ["abc1" + "0" * 60, "abd2" + "0" * 60]
    assert packs.named("abc", [*versions, *versions]) == versions[0]
    assert packs.named(" ABD2", versions) == versions[1]
    for said, fault in (
        ("ab", "'ab' begins 2 of them"),
        ("f", "no law on file begins with 'f'"),
        ("", "no law on file begins with ''"),
    ):
        with pytest.raises(Misused) as refused:
            packs.named(said, versions)
        assert str(refused.value) == f"--law: {fault}: there are abc1000000000000, abd2000000000000"
    with pytest.raises(Misused, match=r"there are none$"):
        packs.named("abc", [])


def test_only_inside_does_a_kept_law_rule() -> None:
    files = {**PACK.sources, "law/own/own.toml": PACK.sources["law/instruments/eu-us-dpf.toml"].replace(b"eu-us-dpf", b"own")}
    kept = made(files)
    with packs.ruling(kept):
        assert law.load().version == kept.version
        assert law.brought().version == PACK.version
        with packs.ruling(None):
            assert law.load() is law.brought()
    assert law.load() is law.brought()
