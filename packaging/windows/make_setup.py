"""Makes the setup program of a bundle that is built: on Windows, `python packaging/windows/make_setup.py`.

Inno Setup's compiler is taken from UNBRAID_ISCC, else the pinned one is fetched and put into build/inno-setup. With a
certificate in UNBRAID_SIGN_PFX (and its password in UNBRAID_SIGN_PASSWORD) the programs of the bundle, the setup program
and the uninstaller are signed.
`--generate` only writes what unbraid.iss includes.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "packaging"))

from file_types import FileType, file_types  # noqa: E402 - found beside this folder
from icons import write_ico  # noqa: E402
from product import version  # noqa: E402
from sources import BUILD, BuildError, fetch_files  # noqa: E402

SCRIPT = ROOT / "packaging" / "windows" / "unbraid.iss"
GENERATED = BUILD / "windows"
BUNDLE = ROOT / "dist" / "unbraid"
_TIME = "http://timestamp.digicert.com"


def main(words: Sequence[str]) -> int:
    """Generate, sign and compile. Returns the exit status."""
    generate(GENERATED)
    if "--generate" in words:
        return 0
    if not (BUNDLE / "unbraid.exe").is_file():
        sys.stderr.write(f"{BUNDLE} holds no unbraid.exe. Build it first: python packaging/build.py\n")
        return 1
    try:
        compiler = find_compiler()
    except (BuildError, OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"Inno Setup is not to be had: {error}\nInstall it, and name its ISCC.exe in UNBRAID_ISCC.\n")
        return 1
    signing = sign_command()
    for program in sorted(BUNDLE.glob("*.exe")) if signing else ():
        subprocess.run([*signing, str(program)], check=True)
    options = [f"/Sunbraid={subprocess.list2cmdline(signing)} $f", "/DSign"] if signing else []
    return subprocess.run([compiler, *options, str(SCRIPT)], check=False).returncode


def generate(folder: Path) -> None:
    """Write into `folder` what the script includes: the version, the file types, the icon."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "generated.iss").write_text(f'#define Version "{version()}"\n', encoding="utf-8")
    lines = [line for kind in file_types() for line in registry(kind)]
    (folder / "file_types.iss").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_ico(folder / "unbraid.ico")


def registry(kind: FileType) -> Iterator[str]:
    """The lines of [Registry] that offer Unbraid for files of this type."""
    identifier = f"Unbraid.{kind.extensions[0]}"
    key = f"Software\\Classes\\{identifier}"
    yield _line(key, "", kind.title, "uninsdeletekey")
    yield _line(f"{key}\\DefaultIcon", "", "{app}\\unbraid.exe,0")
    yield _line(f"{key}\\shell\\open", "FriendlyAppName", "Unbraid")
    yield _line(f"{key}\\shell\\open\\command", "", '"{app}\\unbraid.exe" "%1"')
    for extension in kind.extensions:
        yield _line(
            f"Software\\Classes\\.{extension}\\OpenWithProgids",
            identifier,
            "",
            "uninsdeletevalue uninsdeletekeyifempty",
        )
        yield _line("Software\\Classes\\Applications\\unbraid.exe\\SupportedTypes", f".{extension}", "")
        yield _line("Software\\Unbraid\\Capabilities\\FileAssociations", f".{extension}", identifier)


def _line(key: str, name: str, value: str, flags: str = "") -> str:
    words = [f'Root: HKA; Subkey: "{key}"', "ValueType: string", f'ValueName: "{name}"' if name else ""]
    quoted = value.replace('"', '""')
    words += [f'ValueData: "{quoted}"', f"Flags: {flags}" if flags else ""]
    return "; ".join(filter(None, words))


def find_compiler() -> str:
    """Inno Setup's compiler. Raises BuildError, OSError, subprocess.CalledProcessError when it cannot be had."""
    named = os.environ.get("UNBRAID_ISCC")
    if named:
        return named
    folder = BUILD / "inno-setup"
    if not (folder / "ISCC.exe").is_file():
        (installer,) = fetch_files("inno-setup")
        quietly = ["/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART", "/CURRENTUSER", "/NOICONS", f"/DIR={folder}"]
        subprocess.run([str(installer), *quietly], check=True)
    return str(folder / "ISCC.exe")


def sign_command() -> list[str]:
    """What signs a file that is named after it; empty without a certificate."""
    certificate = os.environ.get("UNBRAID_SIGN_PFX")
    if not certificate:
        return []
    password = os.environ.get("UNBRAID_SIGN_PASSWORD", "")
    return ["signtool", "sign", "/fd", "sha256", "/td", "sha256", "/tr", _TIME, "/f", certificate, "/p", password]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
