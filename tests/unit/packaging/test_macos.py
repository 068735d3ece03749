"""The disk image for macOS: what is signed, in which order, with which entitlements. Apple's programs are stubs."""

import plistlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from macos import make_dmg

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stub programs are shell scripts")
PROGRAM, SCRIPT = b"\xcf\xfa\xed\xfe of 64 bits", b"#!/bin/sh\n"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(make_dmg, "DIST", tmp_path / "dist")
    app = tmp_path / "dist" / "Unbraid.app"
    for name, data in {
        "Contents/MacOS/unbraid": PROGRAM,
        "Contents/Frameworks/redis/redis-server": PROGRAM,
        "Contents/Frameworks/torch/lib/libtorch.dylib": PROGRAM,
        "Contents/Resources/script": SCRIPT,
        "Contents/Info.plist": b"",
    }.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(data)
    (app / "Contents/Resources/redis").symlink_to("../Frameworks/redis")
    return app


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Return the calls of Apple's programs, in order."""
    programs, log = tmp_path / "programs", tmp_path / "done"
    programs.mkdir()
    for name in ("codesign", "hdiutil", "xcrun"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> "{log}"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    for name in ("SIGN_IDENTITY", "NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER"):
        monkeypatch.delenv(f"UNBRAID_{name}", raising=False)
    return lambda: log.read_text().splitlines()


def test_inner_files_are_signed_first_and_only_the_app_has_entitlements(
    app: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_SIGN_IDENTITY", "Developer ID Application: Somebody")
    assert make_dmg.main() == 0
    signed = [line.rsplit(" ", 1)[1] for line in calls() if line.startswith("codesign --force")]
    names = [Path(file).name for file in signed]
    assert names[:4] == ["libtorch.dylib", "redis-server", "unbraid", "Unbraid.app"]
    assert names[4].endswith(".dmg")
    assert all("--options runtime" in line for line in calls()[:4])
    assert [("--entitlements" in line) for line in calls()[:4]] == [False, False, False, True]
    assert not [line for line in calls() if line.startswith("xcrun")]


def test_image_is_notarised_and_stapled_when_there_is_a_key(
    app: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("SIGN_IDENTITY", "Somebody"),
        ("NOTARY_KEY", "k.p8"),
        ("NOTARY_KEY_ID", "7"),
        ("NOTARY_ISSUER", "i"),
    ):
        monkeypatch.setenv(f"UNBRAID_{name}", value)
    assert make_dmg.main() == 0
    last = [line.split()[:3] for line in calls()[-3:]]
    assert last[0][:2] == ["codesign", "--force"]
    assert last[1:] == [["xcrun", "notarytool", "submit"], ["xcrun", "stapler", "staple"]]


def test_app_without_a_signing_identity_is_signed_without_the_hardened_runtime(
    app: Path, calls: Callable[[], list[str]]
) -> None:
    assert make_dmg.main() == 0
    assert not [line for line in calls() if "--options runtime" in line or "--timestamp" in line]
    assert [line.split()[0] for line in calls()][-1] == "hdiutil"


def test_failure_of_an_apple_program_stops_the_build(
    app: Path, calls: Callable[[], list[str]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "programs" / "codesign").write_text("#!/bin/sh\nexit 3\n")
    assert make_dmg.main() == 1
    assert "codesign failed (3)" in capfd.readouterr().err


def test_entitlements_allow_only_to_generate_code() -> None:
    entitlements = plistlib.loads(make_dmg.ENTITLEMENTS.read_bytes())
    names = ("allow-jit", "allow-unsigned-executable-memory")
    assert entitlements == {f"com.apple.security.cs.{name}": True for name in names}
