"""Verification of minisign signatures (https://jedisct1.github.io/minisign/) with libsodium."""

import base64
import hashlib
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

KEY_ALGORITHM = b"Ed"
# "Ed" would mean a signature of the whole file instead of its digest; minisign itself no longer makes such signatures.
SIGNATURE_ALGORITHM = b"ED"
UNTRUSTED_PREFIX = "untrusted comment: "
TRUSTED_PREFIX = "trusted comment: "
_KEY_ID_BYTES = 8
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


class SignatureError(ValueError):
    """The signature is malformed, made with another key, or does not match the data; the message is the reason."""


@dataclass(frozen=True)
class PublicKey:
    """minisign public key."""

    key_id: bytes
    key: bytes

    @classmethod
    def parse(cls, line: str) -> "PublicKey":
        """Return the key from the last line of a minisign.pub file. Raises SignatureError if it is malformed."""
        algorithm, key_id, key = _split_payload(line, _KEY_BYTES, "the public key")
        if algorithm != KEY_ALGORITHM:
            raise SignatureError("the public key is of an unknown type")
        return cls(key_id, key)

    def verify(self, data: bytes, signature: str) -> str:
        """Verify that `signature`, the text of a .minisig file, matches `data`, and return its trusted comment.

        Raises SignatureError if the signature is malformed, made with another key, or does not match.
        """
        lines = signature.splitlines()
        if len(lines) != 4 or not lines[0].startswith(UNTRUSTED_PREFIX) or not lines[2].startswith(TRUSTED_PREFIX):
            raise SignatureError("the signature is not in minisign's format")
        algorithm, key_id, signature_bytes = _split_payload(lines[1], _SIGNATURE_BYTES, "the signature")
        if algorithm != SIGNATURE_ALGORITHM:
            raise SignatureError("the signature is of an unknown type")
        if key_id != self.key_id:
            raise SignatureError("it was made with another key")
        comment = lines[2].removeprefix(TRUSTED_PREFIX)
        self._verify(digest(data), signature_bytes, "the signature does not match the content")
        self._verify(
            signature_bytes + comment.encode(),
            _decode(lines[3], "the signature"),
            "the signature does not match the trusted comment",
        )
        return comment

    def _verify(self, message: bytes, signature: bytes, error_text: str) -> None:
        try:
            VerifyKey(self.key).verify(message, signature)
        except (BadSignatureError, ValueError) as error:
            raise SignatureError(error_text) from error


def digest(data: bytes) -> bytes:
    """Return the 64-byte BLAKE2b digest of `data`, which is signed instead of the data itself."""
    return hashlib.blake2b(data).digest()


def _split_payload(line: str, length: int, subject: str) -> tuple[bytes, bytes, bytes]:
    """Return the algorithm, the key id and the `length` bytes of key or signature. Raises SignatureError."""
    payload = _decode(line, subject)
    start = len(KEY_ALGORITHM) + _KEY_ID_BYTES
    if len(payload) != start + length:
        raise SignatureError(f"{subject} has the wrong length")
    return payload[: len(KEY_ALGORITHM)], payload[len(KEY_ALGORITHM) : start], payload[start:]


def _decode(line: str, subject: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except ValueError as error:
        raise SignatureError(f"{subject} is damaged") from error
