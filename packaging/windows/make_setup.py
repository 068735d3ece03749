"""Makes the setup program of the bundle in dist/unbraid, on Windows: `python packaging/windows/make_setup.py`.

Uses Inno Setup's compiler in UNBRAID_ISCC, or downloads the pinned one into build/inno-setup. With a certificate in
UNBRAID_SIGN_PFX (and its password in UNBRAID_SIGN_PASSWORD) the programs of the bundle, the setup program and the
uninstaller are signed. `--generate` only writes the files that unbraid.iss includes.
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
_TIMESTAMP_SERVER = "http://timestamp.digicert.com"


def main(argv: Sequence[str]) -> int:
    """Generate, sign and compile, and return the exit status."""
    generate(GENERATED)
    if "--generate" in argv:
        return 0
    if not (BUNDLE / "unbraid.exe").is_file():
        sys.stderr.write(f"{BUNDLE} has no program unbraid.exe. Build it first: python packaging/build.py\n")
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
    """Write the files that the script includes into `folder`: version, file types and icon."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "generated.iss").write_text(f'#define Version "{version()}"\n', encoding="utf-8")
    lines = [line for kind in file_types() for line in registry(kind)]
    (folder / "file_types.iss").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_ico(folder / "unbraid.ico")


def registry(kind: FileType) -> Iterator[str]:
    """Yield the lines of the [Registry] section that offer Unbraid for files of this type."""
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
    parts = [f'Root: HKA; Subkey: "{key}"', "ValueType: string", f'ValueName: "{name}"' if name else ""]
    quoted = value.replace('"', '""')
    parts += [f'ValueData: "{quoted}"', f"Flags: {flags}" if flags else ""]
    return "; ".join(filter(None, parts))


def find_compiler() -> str:
    """Return the path of Inno Setup's compiler, installing it if necessary.

    Raises BuildError, OSError, subprocess.CalledProcessError.
    """
    compiler = os.environ.get("UNBRAID_ISCC")
    if compiler:
        return compiler
    folder = BUILD / "inno-setup"
    if not (folder / "ISCC.exe").is_file():
        (installer,) = fetch_files("inno-setup")
        options = ["/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART", "/CURRENTUSER", "/NOICONS", f"/DIR={folder}"]
        subprocess.run([str(installer), *options], check=True)
    return str(folder / "ISCC.exe")


def sign_command() -> list[str]:
    """Return the command that signs the file appended to it, or an empty list without a certificate."""
    certificate = os.environ.get("UNBRAID_SIGN_PFX")
    if not certificate:
        return []
    password = os.environ.get("UNBRAID_SIGN_PASSWORD", "")
    options = ["/fd", "sha256", "/td", "sha256", "/tr", _TIMESTAMP_SERVER, "/f", certificate, "/p", password]
    return ["signtool", "sign", *options]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
