"""The tool that makes and signs the list of versions, against the app that reads it."""

import hashlib
import json
import stat
from pathlib import Path

import feed
import pytest
from signing_key import KeyFileError, SigningKey

from desktop.updates.check import Release, parse_feed
from desktop.updates.minisign import PublicKey
from tests.unit.packaging.conftest import ROOT

PAGE = "https://example.org/unbraid/1.3"
# Made by `minisign -G -W` (0.11) for this test alone.
MINISIGN_KEY = (
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAhLp+uCK/vJTpGXKeWB4O/7dixiibwOSA2eZKjuO+"
    "hrjbpX47DSPV4suaHSryKCUvw5ujaMxZtFWcSwB4egyxVqxE59tGP70GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
)
MINISIGN_PUBLIC = "RWSEun64Ir+8lMuaHSryKCUvw5ujaMxZtFWcSwB4egyxVqxE59tGP70G"


def no_password() -> str:
    raise AssertionError("it asked for a password")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert feed.main(["key", str(tmp_path / "keys"), "--no-password"]) == 0
    return tmp_path / "keys" / "unbraid.key"


def test_the_app_believes_what_the_tool_signs(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    artifact = tmp_path / "unbraid.deb"
    artifact.write_bytes(b"the package")
    out = tmp_path / "dist"
    words = ["sign", "--key", str(key), "--version", "1.3.0", "--page", PAGE, "--out", str(out), str(artifact)]
    assert feed.main(words) == 0, capsys.readouterr().err
    data = (out / "updates.json").read_bytes()
    public = PublicKey.parse(key.with_name("unbraid.pub").read_text().splitlines()[1])
    assert public.verify(data, (out / "updates.json.minisig").read_text()).endswith("\tfile:updates.json\thashed")
    assert parse_feed(data) == Release("1.3.0", PAGE)
    digest = hashlib.sha256(b"the package").hexdigest()
    assert json.loads(data)["artifacts"] == [{"name": "unbraid.deb", "bytes": 11, "sha256": digest}]


def test_the_public_key_is_printed_as_the_app_wants_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert feed.main(["key", str(tmp_path / "keys"), "--no-password"]) == 0
    line = (tmp_path / "keys" / "unbraid.pub").read_text().splitlines()[1]
    assert f'key = "{line}"' in capsys.readouterr().out


def test_a_secret_key_is_readable_by_its_owner_alone_and_never_written_over(key: Path) -> None:
    before = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert feed.main(["key", str(key.parent), "--no-password"]) == 1
    assert key.read_bytes() == before


def test_no_secret_key_is_made_in_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert feed.main(["key", str(ROOT / "dist"), "--no-password"]) == 1
    assert "lies in the repository" in capsys.readouterr().err
    assert not (ROOT / "dist" / "unbraid.key").exists()


@pytest.mark.parametrize(
    ("version", "page", "words"),
    [("newest", PAGE, "names none"), ("1.3.0", "http://example.org", "no page"), ("1.3.0", "/1.3", "no page")],
)
def test_what_the_app_would_refuse_is_not_signed(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str, page: str, words: str
) -> None:
    out = tmp_path / "dist"
    status = feed.main(["sign", "--key", str(key), "--version", version, "--page", page, "--out", str(out)])
    assert status == 1
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_a_key_of_the_minisign_program_signs_as_well() -> None:
    key = SigningKey.parse(MINISIGN_KEY, no_password)
    assert key.public == MINISIGN_PUBLIC
    assert PublicKey.parse(MINISIGN_PUBLIC).verify(b"data", key.sign(b"data", "hello")) == "hello"


def test_an_encrypted_key_opens_with_its_password_alone() -> None:
    key = SigningKey.generate()
    text = key.secret_file("geheim", operations=1 << 15, memory=1 << 24)
    assert SigningKey.parse(text, lambda: "geheim").public == key.public
    with pytest.raises(KeyFileError, match="password"):
        SigningKey.parse(text, lambda: "Geheim")


@pytest.mark.parametrize(
    "text", ["", "one line", "untrusted comment: x\nRWQ=\n", MINISIGN_KEY.replace("hrjb", "hrja"), "x\n" + "ü" * 200]
)
def test_what_is_no_secret_key_is_told(text: str) -> None:
    with pytest.raises(KeyFileError):
        SigningKey.parse(text, no_password)
