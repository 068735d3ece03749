"""Updates scripts/lock/*.txt from pyproject.toml: `python scripts/make_locks.py`, with `uv` on PATH.

One resolution for Linux, Windows and Apple-silicon macOS on Python 3.11 and newer keeps all files consistent. It is
split into torch (installed first; its builds without CUDA are in a separate file), the CUDA packages for NVIDIA cards,
the app, the build tools (installed beside the app), and the tests.
Pins that still satisfy pyproject.toml are kept; `--upgrade` moves to the newest versions.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "scripts" / "lock"
PARTS = ("torch", "cuda", "app", "build", "test")
LINUX, WINDOWS, APPLE = (
    "sys_platform == 'linux'",
    "sys_platform == 'win32'",
    "platform_machine == 'arm64' and sys_platform == 'darwin'",
)
# The marker that uv writes for all requested platforms, on every line; removed for readability.
ALL_PLATFORMS_MARKER = f"({APPLE}) or {LINUX} or {WINDOWS}"
# PyTorch's own builds without CUDA, a quarter of the size, for Python 3.11 to 3.14 on x86-64 and on Arm. They are only
# on PyTorch's package index, not on PyPI, so uv cannot list their hashes.
CPU_PIN = "torch==2.13.0+cpu"
CPU_HASHES = (
    "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
    "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
    "6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604",
    "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
    "0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d",
    "d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691",
    "ca021f9eb2f8345c83fa03e3a04587308afb8df71bd472670b3ece00df58621c",
)
# Sends usage data over the network; openvino works without it.
EXCLUDED_PACKAGES = ["openvino-telemetry"]
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
HEADER = "# Made by scripts/make_locks.py from pyproject.toml; not edited by hand.\n"


def main(argv: list[str]) -> int:
    """Write the lock files and return the exit status; arguments go to `uv pip compile`."""
    everything = resolve(["--extra", "dev", "--extra", "flower", "--extra", "build", *argv], current_pins())
    pins = "".join(everything)
    app, build = package_names(resolve([], pins)), package_names(resolve(["--extra", "build"], pins))
    test = package_names(resolve(["--extra", "dev", "--extra", "flower"], pins))
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for entry in everything:
        for part in lock_files_of(package_name(entry), {"app": app, "build": build - app, "test": test - app}):
            parts[part].append(entry)
    LOCKS.mkdir(exist_ok=True)
    (LOCKS / "torch-cpu.txt").write_text(HEADER + format_cpu_pin(), encoding="utf-8")
    for part, entries in parts.items():
        (LOCKS / f"{part}.txt").write_text(HEADER + "".join(entries), encoding="utf-8")
        sys.stdout.write(f"{part}: {len(entries)} pins\n")
    return 0


def resolve(options: list[str], pins: str) -> list[str]:
    """Resolve pyproject.toml with uv, keeping `pins` that fit; return pins with their markers and hashes."""
    with tempfile.TemporaryDirectory() as scratch:
        project, out = Path(scratch) / "pyproject.toml", Path(scratch) / "lock.txt"
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").replace('dynamic = ["version"]', 'version = "0"')
        text += f"\n[tool.uv]\nenvironments = {[LINUX, WINDOWS, APPLE]}\nexclude-dependencies = {EXCLUDED_PACKAGES}\n"
        project.write_text(text, encoding="utf-8")
        if pins:
            out.write_text(pins, encoding="utf-8")
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-annotate", "--no-header", "--output-file", out.name, *options, project.name]
        # uv reads `environments` from the current folder, not from the folder of the given file.
        subprocess.run(command, check=True, cwd=scratch)
        text = out.read_text(encoding="utf-8")
        return split_pins(
            text.replace(f" ; {ALL_PLATFORMS_MARKER} ", " ").replace(f" and ({ALL_PLATFORMS_MARKER})", "")
        )


def current_pins() -> str:
    """Return the text of all current pins."""
    return "".join(path.read_text(encoding="utf-8") for part in PARTS if (path := LOCKS / f"{part}.txt").exists())


def split_pins(text: str) -> list[str]:
    """Split the text of a requirements file into its pins, each with its hashes."""
    return re.findall(r"^[A-Za-z].*\n(?:    --hash.*\n)*", text, re.MULTILINE)


def format_cpu_pin() -> str:
    """Return the pin of torch's builds without CUDA, with hashes."""
    return " \\\n".join([CPU_PIN, *(f"    --hash=sha256:{digest}" for digest in CPU_HASHES)]) + "\n"


def package_name(entry: str) -> str:
    """Return the name of the package that `entry` pins."""
    return entry.partition("==")[0]


def package_names(entries: list[str]) -> set[str]:
    """Return the names of the packages that `entries` pin."""
    return {package_name(entry) for entry in entries}


def lock_files_of(name: str, needed: dict[str, set[str]]) -> list[str]:
    """Return the lock files that package `name` belongs to: one, or two if both "build" and "test" need it.

    `needed`: names of the packages of each file.
    """
    if name == "torch":
        return ["torch"]
    if CUDA.match(name):
        return ["cuda"]
    return [part for part, names in needed.items() if name in names]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
