"""Signatures made by the minisign program (0.11), valid and tampered with."""

import base64

import pytest

from desktop.updates.minisign import PublicKey, SignatureError

KEY = "RWSEun64Ir+8lMuaHSryKCUvw5ujaMxZtFWcSwB4egyxVqxE59tGP70G"
DATA = b'{"version": "1.3.0", "page": "https://example.org/unbraid/1.3"}\n'
SIGNATURE = """untrusted comment: signature from minisign secret key
RUSEun64Ir+8lOcfGwsi3fw0rh4UO6/OS1tlBL1LYFivs1rFQ85QWE47zEtP/AE79438OhQ0aXxKUAoWh0CHHWwKobTTyqHTkgk=
trusted comment: timestamp:1795788100	file:updates.json	hashed
wsW50DCL+M39CgMFrIBac+bl5BiTGW7n9eVks7LFVedsaKnoFiVwdqldq27bQef7b0N+o9RTi9XMUhLj/RciAQ==
"""
# `minisign -l`: signs the file itself and not its digest.
LEGACY = """untrusted comment: signature from minisign secret key
RWSEun64Ir+8lIX4tnrAo4t97kTCwujLic6bRzisT3Fhr5gAsls7UmZeoEiZ76wWwukwQf17aFTotpBfws2xeMHhi+HLqE3rYQQ=
trusted comment: timestamp:1795788100	file:updates.json
PelU+GZ5raxcvF47TnJNl0p4cp10E1KY0lLLTTc8YMcB5S+9pa8fXJBAv6IR6Px18PCRh/9kA88eJs6Yoac3DQ==
"""


def verify(data: bytes = DATA, signature: str = SIGNATURE, key: str = KEY) -> str:
    return PublicKey.parse(key).verify(data, signature)


def signature_with(**changed: str) -> str:
    """Return the signature with some lines replaced: first, second, third, fourth."""
    names = ("first", "second", "third", "fourth")
    return "\n".join(changed.get(name, line) for name, line in zip(names, SIGNATURE.splitlines(), strict=True))


def test_signature_by_the_minisign_program_verifies() -> None:
    assert verify() == "timestamp:1795788100\tfile:updates.json\thashed"


def test_untrusted_comment_may_be_anything() -> None:
    assert verify(signature=signature_with(first="untrusted comment: hello"))


@pytest.mark.parametrize("data", [b"", DATA[:-1], DATA + b" ", DATA.replace(b"1.3.0", b"1.4.0"), DATA.strip()])
def test_signature_of_other_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureError, match="does not match the content"):
        verify(data)


def test_tampered_trusted_comment_is_refused() -> None:
    with pytest.raises(SignatureError, match="does not match the trusted comment"):
        verify(signature=SIGNATURE.replace("timestamp:1795788100", "timestamp:1895788100"))


def test_signature_with_any_changed_bit_is_refused() -> None:
    for name, line in (("second", SIGNATURE.splitlines()[1]), ("fourth", SIGNATURE.splitlines()[3])):
        original = base64.b64decode(line)
        for bit in range(0, len(original) * 8, 5):
            changed = bytearray(original)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(SignatureError):
                verify(signature=signature_with(**{name: base64.b64encode(changed).decode()}))


def test_signature_of_another_key_is_refused_even_with_the_same_id() -> None:
    kind_and_id = base64.b64decode(KEY)[:10]
    other = base64.b64encode(kind_and_id + bytes(range(32))).decode()
    with pytest.raises(SignatureError):
        verify(key=other)
    with pytest.raises(SignatureError, match="another key"):
        verify(key=base64.b64encode(b"Ed" + bytes(8) + base64.b64decode(KEY)[10:]).decode())


def test_legacy_signature_of_the_file_itself_is_refused() -> None:
    with pytest.raises(SignatureError, match="unknown type"):
        verify(signature=LEGACY)


@pytest.mark.parametrize("cut", range(0, len(SIGNATURE) - 1, 7))
def test_truncated_signature_is_refused(cut: int) -> None:
    with pytest.raises(SignatureError):
        verify(signature=SIGNATURE[:cut])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "<html>\n<p>Log in\n<p>to this\n</html>",
        SIGNATURE + "more\n",
        signature_with(first="comment: x"),
        signature_with(third="comment: x"),
        signature_with(second="ü"),
        signature_with(second="RUSE"),
        signature_with(fourth="%%%%"),
        signature_with(fourth=""),
    ],
)
def test_malformed_signature_is_refused(signature: str) -> None:
    with pytest.raises(SignatureError):
        verify(signature=signature)


@pytest.mark.parametrize("key", ["", "abc", "RWQ=", KEY[:-4], KEY.replace("RWS", "RUS"), "ü" * 56])
def test_malformed_public_key_is_refused(key: str) -> None:
    with pytest.raises(SignatureError, match="public key"):
        PublicKey.parse(key)
