"""The program in a bundle: Ed25519 in plain Python against the vectors of RFC 8032 and against the library that signs."""

import ast
import hashlib
import random
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry import tree, verify_bundle
from registry.verify_bundle import ORDER, P, ed25519, roots

LONG = (
    "08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1e355f6c50544e23fb143"
    "3ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65"
    "d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6d"
    "ad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573cb116dbefefd75499da96bd68"
    "a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce"
    "81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a"
    "1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088d78b7e883c8759d2c4f5c65adb7553878ad575f9fa"
    "d878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a"
    "7a569d80c3414a8d0859dc65a46128bab27af87a71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504"
    "df543af8969be3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e6"
    "66c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c4b4c4525004aa06e"
    "eff8ca61783aacec57fb3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b"
    "68401adebf5a7e08d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7"
    "276cd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308aa342"
    "721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b111"
    "6398a346f1a641f3b041e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa933a15ef1"
    "369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185c32eddcdd306705e4dc1ffc872eeee475a64"
    "dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c15fc910840b94c00a0b9d0"
)

# RFC 8032, section 7.1: public key, message, signature.
VECTORS = {
    "1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "1024": (
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
        LONG,
        "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03",
    ),
    "SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}


def vector(name: str) -> tuple[bytes, bytes, bytes]:
    public, message, signature = (bytes.fromhex(part) for part in VECTORS[name])
    return public, signature, message


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_the_rfc_hold(name: str) -> None:
    assert ed25519(*vector(name))


@pytest.mark.parametrize("name", VECTORS)
def test_no_bit_of_them_may_be_another(name: str, chance: random.Random) -> None:
    for which, part in enumerate(vector(name)):
        for _ in range(6 if part else 0):
            parts = list(vector(name))
            place = chance.randrange(len(part) * 8)
            parts[which] = bytes(byte ^ (1 << place % 8 if number == place // 8 else 0) for number, byte in enumerate(part))
            assert not ed25519(*parts), (which, place)


def test_it_agrees_with_the_library_that_signs(chance: random.Random) -> None:
    for _ in range(12):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        message, public = chance.randbytes(chance.randrange(200)), key.public_key().public_bytes_raw()
        assert ed25519(public, key.sign(message), message)
        assert not ed25519(public, key.sign(message + b"x"), message)


def test_what_would_pass_for_many_messages_or_in_two_ways_is_refused() -> None:
    public, signature, message = vector("2")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519(public, signature[:32] + scalar.to_bytes(32, "little"), message), "the same scalar, once around"
    for y in (0, 1, P - 1, P, P + 1):  # points of small order, and two that are written in a second way
        for odd in (0, 1 << 255):
            small = (y | odd).to_bytes(32, "little")
            assert not ed25519(small, small + bytes(32), message)
            assert not ed25519(small, (1).to_bytes(32, "little") + bytes(32), message)
    for length in (0, 31, 63):
        assert not ed25519(public, signature[:length], message)
    assert not ed25519(public + b"\0", signature, message)


def test_its_roots_are_those_of_the_tree() -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(70)]
    found = roots(leaves, set(range(1, 71)))
    assert found == {size: tree.root(leaves[:size]) for size in range(1, 71)}


def test_it_needs_the_standard_library_alone_and_writes_nothing() -> None:
    program = Path(verify_bundle.__file__).read_text()
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(program))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "subprocess", "tempfile", "shutil"}
    assert "extract" not in program
    opens = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "open"]
    assert opens
    assert {ast.unparse(node.args[1]) for node in opens} == {"'rb'"}


def test_a_checkpoint_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert verify_bundle.told(str(folder), None, str(folder / "gone.txt")) == 1
    said = capsys.readouterr().out
    assert f"the checkpoint {folder / 'gone.txt'} cannot be read: No such file" in said
    assert "bundle" not in said
