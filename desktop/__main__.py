"""Entry point of every process: window, command line, worker, model conversion, probe, sound and self-test."""

import sys
from collections.abc import Sequence
from pathlib import Path

from desktop.paths import resources
from desktop.runtime.display import is_display_available
from desktop.runtime.environment import (
    redirect_caches,
    remove_foreign_variables,
    restart_without_python_variables,
    restore_library_path,
)
from desktop.runtime.fatal_error import show_fatal_error
from desktop.runtime.processes import run_as_pool_child
from desktop.runtime.streams import ensure_streams
from desktop.text.catalogue import find_language, use_language
from desktop.text.message import tr

COMMANDS = (
    *(
        "separate",
        "import-stems",
        "jobs",
        "cancel",
        "retry",
        "move",
        "remove",
        "clear",
        "restore",
        "bin",
        "pause",
        "resume",
    ),
    *("analyse", "export", "models", "doctor"),
)


def main(argv: list[str] | None = None) -> int:
    """Run the command in `argv` (default: `sys.argv`) and return the exit status: 0 done, 1 failed, 2 wrong usage."""
    restore_library_path()
    ensure_streams()
    arguments = sys.argv[1:] if argv is None else argv
    if run_as_pool_child(arguments):  # before the variables are removed: Celery's children need those that it sets
        return 0
    if argv is None:
        restart_without_python_variables()
    remove_foreign_variables()
    redirect_caches()
    if _shows_text(arguments):
        catalogues = resources() / "locale"
        use_language(find_language(catalogues), catalogues)
    # Import only the composition root of this process: the window must neither load nor reach the others.
    if arguments[:1] == ["worker"]:
        from desktop.worker import main as run_worker

        return run_worker(arguments[1:])
    if arguments[:1] == ["convert"]:
        from desktop.pipeline.engines.openvino_export import main as run_conversion

        return run_conversion(arguments[1:])
    if arguments[:1] == ["analysis-process"]:
        from desktop.cli.analysis_process import main as run_analysis

        return run_analysis(arguments[1:])
    if arguments[:1] == ["import-process"]:
        from desktop.jobs.import_process import main as run_import

        return run_import(arguments[1:])
    if arguments == ["probe"]:
        from desktop.probe.server import main as run_probe

        return run_probe()
    if _is_sound_process(arguments):
        from desktop.playback.sound_main import main as run_sound

        return run_sound(arguments[1])
    if arguments == ["selftest"]:
        from desktop.selftest import main as run_selftest

        return run_selftest()
    if arguments and (arguments[0] in COMMANDS or _is_option(arguments[0])):
        from desktop.cli.main import main as run_command

        return run_command(arguments)
    files = [argument for argument in arguments if argument != "--"]
    if is_display_available():
        return _open_window([Path(file) for file in files])
    return _run_without_display(files)


def _open_window(files: list[Path]) -> int:
    try:
        from desktop.gui import main as run_window
    except ImportError as error:  # a system library that Qt needs is missing
        show_fatal_error(
            tr(
                "{error}. The window cannot open without it. Install the missing part, or install Unbraid again.",
                error=str(error),
            )
        )
        return 1
    return run_window(files)


def _run_without_display(files: list[str]) -> int:
    from desktop.cli.main import main as run_command

    if not files:
        advice = tr("No display was found, so the window cannot open. To separate songs in the terminal:")
        commands = tr("unbraid FILE …        or        unbraid --help")
        sys.stderr.write(f"{advice}\n  {commands}\n")
        return 2
    notice = tr("No display was found, so the songs are separated in the terminal.")
    sys.stderr.write(f"{notice}\n")
    return run_command(["separate", "--", *files])


def _shows_text(arguments: Sequence[str]) -> bool:
    """Return False for processes that write to logs and to other processes, whose messages stay English.

    A message that a worker stores is translated when the window or a command shows it.
    """
    if arguments[:1] == ["worker"]:
        return not {"-h", "--help"}.isdisjoint(arguments)
    is_child = arguments == ["probe"] or _is_sound_process(arguments)
    return arguments[:1] not in (["convert"], ["analysis-process"], ["import-process"]) and not is_child


def _is_sound_process(arguments: Sequence[str]) -> bool:
    return arguments[:1] == ["sound"] and len(arguments) == 2


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and argument != "--" and not Path(argument).exists()


if __name__ == "__main__":
    sys.exit(main())
