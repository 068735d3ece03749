"""Picks the process: the window, a command of `desktop.cli`, the worker, or the probe."""

import sys
from pathlib import Path

from desktop.display import display_available
from desktop.environment import (
    give_back_environment,
    remove_foreign_variables,
    restart_without_python_variables,
)
from desktop.last_words import say_last_words
from desktop.portable import keep_together
from desktop.program import serve_pools
from desktop.streams import ensure_streams

COMMANDS = (
    *("separate", "jobs", "cancel", "retry", "move", "remove", "clear", "restore", "bin", "pause", "resume"),
    *("export", "models", "doctor"),
)


def main(argv: list[str] | None = None) -> int:
    """Run what `argv` asks for and return the exit status: 0 done, 1 failed, 2 wrong usage."""
    give_back_environment()
    ensure_streams()
    words = sys.argv[1:] if argv is None else argv
    if serve_pools(words):  # what Celery has set for its children is for them
        return 0
    if argv is None:
        restart_without_python_variables()
    remove_foreign_variables()
    keep_together()
    # Each process imports its own composition root alone: the window must never pay for (or reach) the others.
    if words[:1] == ["worker"]:
        from desktop.worker import main as run_worker

        return run_worker(words[1:])
    if words[:1] == ["convert"]:
        from desktop.pipeline.engines.conversion import main as run_conversion

        return run_conversion(words[1:])
    if words == ["probe"]:
        from desktop.probe.program import main as run_probe

        return run_probe()
    if words == ["selftest"]:
        from desktop.selftest import main as run_selftest

        return run_selftest()
    if words and (words[0] in COMMANDS or _is_option(words[0])):
        from desktop.cli.main import main as run_command

        return run_command(words)
    files = [word for word in words if word != "--"]
    if display_available():
        return _window([Path(file) for file in files])
    return _without_display(files)


def _window(files: list[Path]) -> int:
    try:
        from desktop.gui import main as run_window
    except ImportError as error:  # Qt stands on libraries of the system
        say_last_words(
            f"{error}. Without it no window can be opened. Install what is named here, or Unbraid once more."
        )
        return 1
    return run_window(files)


def _without_display(files: list[str]) -> int:
    from desktop.cli.main import main as run_command

    if not files:
        sys.stderr.write("There is no display here to open the window on. Give songs to separate in the terminal:\n")
        sys.stderr.write("  unbraid FILE …        or        unbraid --help\n")
        return 2
    sys.stderr.write("There is no display here, so the songs are separated in the terminal.\n")
    return run_command(["separate", "--", *files])


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "--" and not Path(word).exists()


if __name__ == "__main__":
    sys.exit(main())
