"""What `./unbraid test` and `./unbraid bench` run, once the set-up is done.

test [ARGUMENTS]     style, import contracts, types, then every test; with arguments for pytest, those tests alone
test faults [...]    the tests that kill real processes
test fuzz [...]      damaged files for half an hour, or UNBRAID_FUZZ_MINUTES
bench [...]          the figures
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
    "import contracts": ("lint-imports", "--no-cache"),
    "types": ("basedpyright",),
}


def main(words: Sequence[str]) -> int:
    """Run what `words` ask for and return the exit status: 0 when everything passed."""
    selection, rest = select_tests(words)
    failed = [] if rest or selection != DEFAULT else [name for name in CHECKS if not run_check(name)]
    status = run(sys.executable, "-m", "pytest", "-m", selection, *rest)
    # On standard error, so that pytest's own closing line stays the last one on standard output.
    for name in failed:
        sys.stderr.write(f"The check of {name} has failed: see above.\n")
    return status or bool(failed)


def select_tests(words: Sequence[str]) -> tuple[str, list[str]]:
    """The marker expression for pytest, and the arguments that go on to it."""
    command, rest = (words[0] if words else "test"), list(words[1:])
    if command == "bench":
        return "bench", ["-s", *rest]
    if rest[:1] in (["faults"], ["fuzz"]):
        return rest[0], rest[1:]
    return DEFAULT, rest


def run_check(name: str) -> bool:
    """Run one check, and say how it went."""
    started = time.monotonic()
    tool, *arguments = CHECKS[name]
    good = run(str(SCRIPTS / tool), *arguments) == 0
    sys.stdout.write(f"{name}: {'good' if good else 'FAILED'} ({time.monotonic() - started:.0f} s)\n")
    sys.stdout.flush()
    return good


def run(*words: str) -> int:
    """Run `words` in the checkout and return their exit status."""
    return subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
