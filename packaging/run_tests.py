"""Runs the checks and tests of `./unbraid test` and `./unbraid bench`, after the set-up.

test [ARGUMENTS]     style, import contracts, types, then every test; with arguments for pytest, only those tests
test faults [...]    the tests that kill real processes
test fuzz [...]      damaged files for half an hour, or UNBRAID_FUZZ_MINUTES
bench [...]          the benchmarks
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent
DEFAULT = "not faults and not bench and not fuzz"
CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "import contracts": ("lint-imports", "--no-cache"),
    "types": ("basedpyright",),
}


def main(argv: Sequence[str]) -> int:
    """Run the command in `argv` and return the exit status, 0 if everything passed."""
    selection, rest = select_tests(argv)
    failed = [] if rest or selection != DEFAULT else [name for name in CHECKS if not run_check(name)]
    status = run(sys.executable, "-m", "pytest", "-m", selection, *rest)
    # On standard error, so that pytest's own closing line stays the last one on standard output.
    for name in failed:
        sys.stderr.write(f"The check of {name} has failed: see above.\n")
    return status or bool(failed)


def select_tests(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Return the marker expression for pytest, and the remaining arguments for it."""
    command, rest = (argv[0] if argv else "test"), list(argv[1:])
    if command == "bench":
        return "bench", ["-s", *rest]
    if rest[:1] in (["faults"], ["fuzz"]):
        return rest[0], rest[1:]
    return DEFAULT, rest


def run_check(name: str) -> bool:
    """Run one check, print its result, and return True if it passed."""
    started = time.monotonic()
    tool, *arguments = CHECKS[name]
    passed = run(str(SCRIPTS / tool), *arguments) == 0
    sys.stdout.write(f"{name}: {'good' if passed else 'FAILED'} ({time.monotonic() - started:.0f} s)\n")
    sys.stdout.flush()
    return passed


def run(*command: str) -> int:
    """Run `command` in the checkout and return its exit status."""
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
