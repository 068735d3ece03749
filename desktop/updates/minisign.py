"""Signatures as the minisign program makes them (https://jedisct1.github.io/minisign/), verified with libsodium."""

import base64
import hashlib
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

KEY_KIND = b"Ed"
# "Ed" alone would sign the whole file in place of its digest: minisign itself no longer makes such signatures.
SIGNATURE_KIND = b"ED"
UNTRUSTED = "untrusted comment: "
TRUSTED = "trusted comment: "
_ID = 8
_KEY = 32
_SIGNATURE = 64


class SignatureError(ValueError):
    """The signature is not one, or not of this key, or not of these bytes; the message is the reason."""


@dataclass(frozen=True)
class PublicKey:
    """What verifies."""

    id: bytes
    key: bytes

    @classmethod
    def parse(cls, line: str) -> "PublicKey":
        """The key in the last line of a minisign.pub file. Raises SignatureError."""
        kind, key_id, key = _cut(line, _KEY, "the public key")
        if kind != KEY_KIND:
            raise SignatureError("the public key is of an unknown kind")
        return cls(key_id, key)

    def verify(self, data: bytes, signature: str) -> str:
        """Verify the text of a .minisig file against the exact bytes it is beside. Returns its trusted comment.

        Raises SignatureError.
        """
        lines = signature.splitlines()
        if len(lines) != 4 or not lines[0].startswith(UNTRUSTED) or not lines[2].startswith(TRUSTED):
            raise SignatureError("the signature is not in minisign's format")
        kind, key_id, signed = _cut(lines[1], _SIGNATURE, "the signature")
        if kind != SIGNATURE_KIND:
            raise SignatureError("the signature is of an unknown kind")
        if key_id != self.id:
            raise SignatureError("it was signed with another key")
        comment = lines[2].removeprefix(TRUSTED)
        self._verify(digest(data), signed, "the signature is not of these bytes")
        self._verify(
            signed + comment.encode(), _decode(lines[3], "the signature"), "the trusted comment was not signed"
        )
        return comment

    def _verify(self, message: bytes, signature: bytes, otherwise: str) -> None:
        try:
            VerifyKey(self.key).verify(message, signature)
        except (BadSignatureError, ValueError) as error:
            raise SignatureError(otherwise) from error


def digest(data: bytes) -> bytes:
    """What is signed in place of the file: its BLAKE2b digest of 64 bytes."""
    return hashlib.blake2b(data).digest()


def _cut(line: str, length: int, what: str) -> tuple[bytes, bytes, bytes]:
    """The kind, the key's id, and `length` bytes."""
    whole = _decode(line, what)
    start = len(KEY_KIND) + _ID
    if len(whole) != start + length:
        raise SignatureError(f"{what} has the wrong length")
    return whole[: len(KEY_KIND)], whole[len(KEY_KIND) : start], whole[start:]


def _decode(line: str, what: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except ValueError as error:
        raise SignatureError(f"{what} is damaged") from error
