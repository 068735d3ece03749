"""Secret keys and signatures in minisign's format, interchangeable with the minisign program."""

import base64
import hashlib
import secrets
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nacl.pwhash import scrypt
from nacl.signing import SigningKey as Ed25519Key

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desktop.updates.minisign import KEY_ALGORITHM, SIGNATURE_ALGORITHM, TRUSTED_PREFIX, UNTRUSTED_PREFIX, digest

# File: signature algorithm, key derivation, checksum algorithm, salt, the two scrypt limits, then the key block: id,
# seed, public key, checksum.
_FILE_LAYOUT = struct.Struct("<2s2s2s32sQQ104s")
_KEY_LAYOUT = struct.Struct("<8s32s32s32s")
_PLAIN, _SCRYPT, _CHECKSUM = b"\0\0", b"Sc", b"B2"
PasswordPrompt = Callable[[], str]


class KeyFileError(ValueError):
    """The file contains no valid secret key, or the password is wrong."""


@dataclass(frozen=True)
class SigningKey:
    """Secret key for signatures."""

    id: bytes
    """8 bytes by which a signature names its key."""
    key: Ed25519Key

    @classmethod
    def generate(cls) -> "SigningKey":
        """Generate a new key."""
        return cls(secrets.token_bytes(8), Ed25519Key.generate())

    @classmethod
    def parse(cls, text: str, ask_password: PasswordPrompt) -> "SigningKey":
        """Parse the text of a .key file; `ask_password` is called if the key is encrypted. Raises KeyFileError."""
        try:
            kind, kdf, check, salt, operations, memory, inner = _FILE_LAYOUT.unpack(
                base64.b64decode(text.splitlines()[1])
            )
        except (ValueError, IndexError, struct.error) as error:
            raise KeyFileError("This file holds no secret key of minisign's.") from error
        if kind != KEY_ALGORITHM or check != _CHECKSUM or kdf not in (_PLAIN, _SCRYPT):
            raise KeyFileError("This file holds a secret key of an unknown kind.")
        if kdf == _SCRYPT:
            inner = _xor_with_scrypt(inner, ask_password(), salt, operations, memory)
        key_id, seed, public, checksum = _KEY_LAYOUT.unpack(inner)
        # minisign leaves the checksum of a key without password empty.
        if kdf == _SCRYPT and checksum != _checksum(key_id, seed, public):
            raise KeyFileError("This is not the password of the key.")
        key = Ed25519Key(seed)
        if bytes(key.verify_key) != public:
            raise KeyFileError("The secret key is damaged: its two halves do not belong together.")
        return cls(key_id, key)

    @property
    def public(self) -> str:
        """The public key, Base64 in one line."""
        return _base64(KEY_ALGORITHM + self.id + bytes(self.key.verify_key))

    def public_file(self) -> str:
        """Return the text of a .pub file."""
        return f"{UNTRUSTED_PREFIX}minisign public key {self.id[::-1].hex().upper()}\n{self.public}\n"

    def secret_file(
        self, password: str, operations: int = scrypt.OPSLIMIT_SENSITIVE, memory: int = scrypt.MEMLIMIT_SENSITIVE
    ) -> str:
        """Return the text of a .key file, encrypted unless `password` is empty.

        `operations` and `memory` (bytes) are the limits of scrypt; the defaults use a gigabyte for some seconds.
        """
        seed, public = bytes(self.key), bytes(self.key.verify_key)
        inner = _KEY_LAYOUT.pack(self.id, seed, public, _checksum(self.id, seed, public))
        head = (KEY_ALGORITHM, _PLAIN, _CHECKSUM, bytes(32), 0, 0)
        if password:
            salt = secrets.token_bytes(32)
            head = (KEY_ALGORITHM, _SCRYPT, _CHECKSUM, salt, operations, memory)
            inner = _xor_with_scrypt(inner, password, salt, operations, memory)
        kind = "encrypted" if password else "unencrypted"
        return f"{UNTRUSTED_PREFIX}minisign {kind} secret key\n{_base64(_FILE_LAYOUT.pack(*head, inner))}\n"

    def sign(self, data: bytes, comment: str) -> str:
        """Return the text of a .minisig file for `data`; `comment` is a single line and is signed, too."""
        signature = self.key.sign(digest(data)).signature
        global_signature = self.key.sign(signature + comment.encode()).signature
        lines = (
            f"{UNTRUSTED_PREFIX}signature from minisign secret key",
            _base64(SIGNATURE_ALGORITHM + self.id + signature),
            f"{TRUSTED_PREFIX}{comment}",
            _base64(global_signature),
        )
        return "".join(f"{line}\n" for line in lines)


def _xor_with_scrypt(inner: bytes, password: str, salt: bytes, operations: int, memory: int) -> bytes:
    stream = scrypt.kdf(len(inner), password.encode(), salt, operations, memory)
    return bytes(a ^ b for a, b in zip(inner, stream, strict=True))


def _checksum(key_id: bytes, seed: bytes, public: bytes) -> bytes:
    return hashlib.blake2b(KEY_ALGORITHM + key_id + seed + public, digest_size=32).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
