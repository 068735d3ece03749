"""Makes the disk image of the bundle in dist/, on macOS: `python packaging/macos/make_dmg.py`.

With a keychain identity in UNBRAID_SIGN_IDENTITY everything in the bundle is signed again for the hardened runtime,
innermost files first; without one it is signed "ad hoc" for this machine, and macOS warns users who open it. With
UNBRAID_NOTARY_KEY (the file of an App Store Connect key), UNBRAID_NOTARY_KEY_ID and UNBRAID_NOTARY_ISSUER the image is
notarised, and the ticket is stapled to it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "packaging"))

from product import NAME, version  # noqa: E402 - found beside this folder

ENTITLEMENTS = ROOT / "packaging" / "macos" / "entitlements.plist"
DIST = ROOT / "dist"
# Magic numbers of mach-o/loader.h and mach-o/fat.h, in both byte orders.
_PROGRAMS = {b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"}
_AD_HOC = "-"


def main() -> int:
    """Sign, pack and notarise, and return the exit status."""
    app = DIST / f"{NAME}.app"
    if not app.is_dir():
        sys.stderr.write(f"There is no {app}. Build it first: python packaging/build.py\n")
        return 1
    identity = os.environ.get("UNBRAID_SIGN_IDENTITY") or _AD_HOC
    try:
        sign(app, identity)
        image = pack(app, DIST / f"{NAME}-{version()}-{platform.machine()}.dmg")
        if identity != _AD_HOC:
            _run("codesign", "--force", "--timestamp", "--sign", identity, image)
            notarise(image)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error.cmd[0]} failed ({error.returncode}); its output is above.\n")
        return 1
    sys.stdout.write(f"{image}\n")
    return 0


def sign(app: Path, identity: str) -> None:
    """Sign every program and library of `app`, then the whole. Raises subprocess.CalledProcessError."""
    # Without an identity the files have no team id, and the hardened runtime would reject the app's own libraries.
    hardened = [] if identity == _AD_HOC else ["--timestamp", "--options", "runtime"]
    for file in programs(app):
        _run("codesign", "--force", *hardened, "--sign", identity, file)
    entitlements = ["--entitlements", ENTITLEMENTS] if hardened else []
    _run("codesign", "--force", *hardened, *entitlements, "--sign", identity, app)
    _run("codesign", "--verify", "--deep", "--strict", app)


def programs(app: Path) -> Iterator[Path]:
    """Yield the programs and libraries in `app`, the deepest first."""
    files = [path for path in app.rglob("*") if path.is_file() and not path.is_symlink()]
    for path in sorted(files, key=lambda path: (-len(path.parts), path)):
        with path.open("rb") as file:
            if file.read(4) in _PROGRAMS:
                yield path


def pack(app: Path, image: Path) -> Path:
    """Make a disk image with `app` and a link to the Applications folder, and return its path.

    Raises subprocess.CalledProcessError.
    """
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(app, Path(scratch) / app.name, symlinks=True)
        (Path(scratch) / "Applications").symlink_to("/Applications")
        image.unlink(missing_ok=True)
        options = ["-volname", NAME, "-srcfolder", scratch, "-fs", "HFS+", "-format", "ULFO", image]
        _run("hdiutil", "create", *options)
    return image


def notarise(image: Path) -> None:
    """Notarise `image` with Apple and staple the ticket, if the variables for it are set.

    Raises subprocess.CalledProcessError.
    """
    key, key_id, issuer = (os.environ.get(f"UNBRAID_NOTARY_{name}") for name in ("KEY", "KEY_ID", "ISSUER"))
    if not (key and key_id and issuer):
        sys.stderr.write("Not notarised: UNBRAID_NOTARY_KEY, _KEY_ID and _ISSUER are not all set.\n")
        return
    _run("xcrun", "notarytool", "submit", image, "--key", key, "--key-id", key_id, "--issuer", issuer, "--wait")
    _run("xcrun", "stapler", "staple", image)


def _run(*command: str | Path) -> None:
    arguments: Sequence[str] = [str(part) for part in command]
    subprocess.run(arguments, check=True)


if __name__ == "__main__":
    sys.exit(main())
