"""Makes packaging/lock/*.txt anew from pyproject.toml: with `uv` on PATH, `python packaging/make_locks.py`.

One resolution serves Linux, Windows and Apple-silicon macOS on Python 3.11 and newer, so that all files agree. It is
then cut up: torch (installed first; its small builds apart), what its builds for NVIDIA cards need besides, the app,
what makes packages of it (installed beside the app), and the tests.
Pins that still fit are kept; `--upgrade` moves to the newest.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "lock"
PARTS = ("torch", "cuda", "app", "build", "test")
LINUX, WINDOWS, APPLE = (
    "sys_platform == 'linux'",
    "sys_platform == 'win32'",
    "platform_machine == 'arm64' and sys_platform == 'darwin'",
)
# What uv writes for "everywhere that was asked for": noise on every line.
ALL_PLATFORMS_MARKER = f"({APPLE}) or {LINUX} or {WINDOWS}"
# PyTorch's own builds without CUDA, a quarter of the size, for Python 3.11 to 3.14 on x86-64 and on Arm. Taken where
# pip is told of a place that has them; they are not on PyPI, so uv cannot list their hashes.
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
# Tells its makers over the network that it is used; openvino goes on without it.
EXCLUDED_PACKAGES = ["openvino-telemetry"]
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
HEADER = "# Made by packaging/make_locks.py from pyproject.toml; not edited by hand.\n"


def main(words: list[str]) -> int:
    """Write the files."""
    everything = resolve(["--extra", "dev", "--extra", "flower", "--extra", "build", *words], current_pins())
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
    """Let uv solve pyproject.toml, keeping `pins` that fit. An entry is a pin with its marker and hashes."""
    with tempfile.TemporaryDirectory() as scratch:
        project, out = Path(scratch) / "pyproject.toml", Path(scratch) / "lock.txt"
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").replace('dynamic = ["version"]', 'version = "0"')
        text += f"\n[tool.uv]\nenvironments = {[LINUX, WINDOWS, APPLE]}\nexclude-dependencies = {EXCLUDED_PACKAGES}\n"
        project.write_text(text, encoding="utf-8")
        if pins:
            out.write_text(pins, encoding="utf-8")
        words = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
        words += ["--no-annotate", "--no-header", "--output-file", out.name, *options, project.name]
        # In the folder itself: uv looks there for `environments`, not beside the file that it is given.
        subprocess.run(words, check=True, cwd=scratch)
        text = out.read_text(encoding="utf-8")
        return split_pins(
            text.replace(f" ; {ALL_PLATFORMS_MARKER} ", " ").replace(f" and ({ALL_PLATFORMS_MARKER})", "")
        )


def current_pins() -> str:
    """What is locked now."""
    return "".join(path.read_text(encoding="utf-8") for part in PARTS if (path := LOCKS / f"{part}.txt").exists())


def split_pins(text: str) -> list[str]:
    """A requirements file cut into its pins."""
    return re.findall(r"^[A-Za-z].*\n(?:    --hash.*\n)*", text, re.MULTILINE)


def format_cpu_pin() -> str:
    """The entry of torch's builds without CUDA."""
    return " \\\n".join([CPU_PIN, *(f"    --hash=sha256:{digest}" for digest in CPU_HASHES)]) + "\n"


def package_name(entry: str) -> str:
    """The package that an entry pins."""
    return entry.partition("==")[0]


def package_names(entries: list[str]) -> set[str]:
    """The packages that entries pin."""
    return {package_name(entry) for entry in entries}


def lock_files_of(name: str, needed: dict[str, set[str]]) -> list[str]:
    """The files that a package belongs to: one, or two for what packaging and tests both need beside the app."""
    if name == "torch":
        return ["torch"]
    if CUDA.match(name):
        return ["cuda"]
    return [part for part, those in needed.items() if name in those]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
