"""Runs the checks and tests of `./unbraid test` and `./unbraid bench`, after the set-up.

test [ARGUMENTS]     style, import contracts and types beside every test; with arguments for pytest, only those tests
test release [...]   the tests that take long: packages, installation, and every format at every rate
test faults [...]    the tests that kill real processes
test fuzz [...]      damaged files for half an hour, or UNBRAID_FUZZ_MINUTES
bench [...]          the benchmarks
messages [LANGUAGE]  extract the messages, update the catalogues, create one for a new language
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent
# The tests of a marker of their own are not part of the default selection.
COMMANDS = ("release", "faults", "fuzz")
DEFAULT = "not release and not faults and not bench and not fuzz"
ALONE = "alone"
CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "import contracts": ("lint-imports", "--no-cache"),
    "types": ("basedpyright",),
}
# Tests of one file share its slow fixtures, so a file stays with one process. The slow files come first (tests/conftest.py)
# and keep their place, so that none is left over at the end. Tests wait for other processes half of the time: hence more
# test processes than cores.
PARALLEL = ("--dist", "loadfile", "--no-loadscope-reorder")
WORKERS_PER_CORE, MAX_WORKERS = 2.5, 8
# The only folders with tests that run alone; the others need not be collected for them.
ALONE_FOLDERS = ("tests/e2e", "tests/ui/app")
# These wait for sound in real time, and need little of the processor: three at once do not disturb each other.
ALONE_WORKERS = 3
# Options that need the terminal, which only a single process has.
INTERACTIVE_OPTIONS = {"--pdb", "--trace", "-s", "--capture=no", "-n0"}
SERIAL = ("bench", "faults", "fuzz")


def main(argv: Sequence[str]) -> int:
    """Run the command in `argv` and return the exit status, 0 if everything passed."""
    if argv[:1] == ["messages"]:
        return run(sys.executable, str(ROOT / "scripts" / "update_catalogues.py"), *argv[1:])
    selection, rest = select_tests(argv)
    if selection != DEFAULT or rest:
        return run_pytest(selection, rest)
    # These measure sound and seconds, so nothing else may run beside them.
    status = run_pytest(f"({DEFAULT}) and {ALONE}", ["-n", str(ALONE_WORKERS), *PARALLEL, *ALONE_FOLDERS])
    checks = Checks()
    status = run_pytest(f"({DEFAULT}) and not {ALONE}", []) or status
    failed = checks.wait()
    # On standard error, so that pytest's own closing line stays the last one on standard output.
    for name in failed:
        sys.stderr.write(f"The check of {name} has failed: see above.\n")
    return status or bool(failed)


def select_tests(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Return the marker expression for pytest, and the remaining arguments for it."""
    command, rest = (argv[0] if argv else "test"), list(argv[1:])
    if command == "bench":
        return "bench", ["-s", *rest]
    if rest and rest[0] in COMMANDS:
        return rest[0], rest[1:]
    return DEFAULT, rest


def run_pytest(selection: str, arguments: Sequence[str]) -> int:
    """Run the selected tests and return pytest's exit status."""
    return run(sys.executable, "-m", "pytest", "-m", selection, *parallel_options(selection, arguments), *arguments)


def parallel_options(selection: str, rest: Sequence[str]) -> list[str]:
    """Return the pytest options that spread the selected tests over several processes, if that helps them.

    Faults, benchmarks and damaged files need the machine for themselves; a single file stays in one process anyway.
    """
    paths = [argument.partition("::")[0] for argument in rest]
    files = {path for path in paths if path.endswith(".py")}
    folders = [path for path in paths if (ROOT / path).is_dir()]
    own_choice = "-n" in rest or INTERACTIVE_OPTIONS & set(rest)
    if selection in SERIAL or own_choice or (len(files) == 1 and not folders):
        return []
    return ["-n", str(min(int(WORKERS_PER_CORE * (os.cpu_count() or 1)), MAX_WORKERS)), *PARALLEL]


class Checks:
    """The checks of style, import contracts and types, run one after the other beside the tests."""

    def __init__(self) -> None:
        """Start the first check."""
        self._failed: list[str] = []
        self._thread = threading.Thread(target=self._run_all)
        self._thread.start()

    def wait(self) -> list[str]:
        """Wait for the end of every check, and return the names of those that failed."""
        self._thread.join()
        return self._failed

    def _run_all(self) -> None:
        for name, (tool, *arguments) in CHECKS.items():
            started = time.monotonic()
            result = subprocess.run(
                [SCRIPTS / tool, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                encoding="utf-8", errors="replace", check=False,
            )  # fmt: skip
            if result.returncode:
                self._failed.append(name)
            outcome = "FAILED" if result.returncode else "good"
            # In one piece, because pytest writes at the same time.
            output = result.stdout if result.returncode else ""
            sys.stderr.write(f"\n{output}{name}: {outcome} ({time.monotonic() - started:.0f} s)\n")
            sys.stderr.flush()


def run(*command: str) -> int:
    """Run `command` in the checkout and return its exit status."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    # Tests start hundreds of processes: each would compile the app again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
