"""Argument parser of the command line, and the dispatch of its commands."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from desktop import __version__
from desktop.errors import UnbraidError
from desktop.jobs.model import BIN_RETENTION_DAYS
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.streams import guard_output_streams
from desktop.settings import DEFAULT_MODEL, EXPORT_FORMATS, SETTINGS

# Exit status that a shell reports for a program ended by Ctrl-C: 128 plus the number of SIGINT.
_EXIT_INTERRUPTED = 130
DESCRIPTION = "Takes songs apart into their stems, on this computer alone. With files and no command: opens the window."


def main(argv: Sequence[str]) -> int:
    """Run one command. Return 0 on success, 1 if anything failed or was cancelled, 2 for wrong usage."""
    guard_output_streams()
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as exit_request:
        return int(exit_request.code or 0)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except UnbraidError as error:
        print(f"unbraid: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    finally:
        process_crash_handler.collect_reports()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Each command sets `run` in the parsed arguments: a function from these arguments to the exit status.
    """
    root = argparse.ArgumentParser(prog="unbraid", description=DESCRIPTION)
    root.add_argument("--version", action="version", version=f"unbraid {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    _configure_separate(commands.add_parser("separate", help="separate songs and say where the stems are"))
    _configure_jobs(commands.add_parser("jobs", help="list the jobs of the library"))
    for name, text in (("cancel", "stop a job"), ("retry", "separate a song again; it keeps its stems until then"),
                       ("remove", f"move a job and its stems to the bin, for {BIN_RETENTION_DAYS} days")):  # fmt: skip
        _configure_job_action(commands.add_parser(name, help=text), name)
    _configure_job_action(
        commands.add_parser("move", help="move a queued job to the front, or to another place"), "move"
    )
    commands.add_parser("clear", help="move every job that has ended to the bin").set_defaults(run=_run_clear)
    _configure_restore(commands.add_parser("restore", help="put removed jobs back into the library, as they were"))
    _configure_bin(commands.add_parser("bin", help="list the removed jobs with their sizes, or delete them"))
    for name, text in (("pause", "hold jobs, or the whole queue; what runs stops, and keeps its work"),
                       ("resume", "go on with jobs, or with the queue")):  # fmt: skip
        _configure_pause(commands.add_parser(name, help=text), name)
    _configure_export(commands.add_parser("export", help="write the stems of songs into a folder, never overwriting"))
    _configure_models(commands.add_parser("models", help="the models on this computer"))
    _configure_doctor(
        commands.add_parser("doctor", help="check that everything works, and say how to mend what does not")
    )
    commands.add_parser("selftest", help="separate and play the demo song in a real window, and say how it went")
    commands.add_parser("worker", help="run the Celery worker in the foreground (see: unbraid worker --help)")
    return root


def _configure_separate(command: argparse.ArgumentParser) -> None:
    command.add_argument("tracks", nargs="+", metavar="FILE|FOLDER", type=_parse_path)
    command.add_argument("--model", default=None, help=f"a model of `unbraid models list` (default {DEFAULT_MODEL})")
    command.add_argument("--out", type=_parse_path, help="also put the stems into this folder, one folder a song")
    command.add_argument("--format", choices=("wav", "flac", "mp3"), default="wav")
    command.add_argument("--bits", choices=("16", "24", "32f"), help="bit depth of the stems (default: the song's)")
    command.add_argument(
        "--sum",
        choices=("exact", "raw"),
        default="exact",
        dest="sum_mode",
        help="exact: the stems add up to the original sample for sample; raw: the model's own output",
    )
    command.add_argument("--overlap", type=_parse_overlap, help="part that segments share, 0 to 0.9 (default 0.25)")
    command.add_argument(
        "--shifts", type=_parse_shifts, help="turns, cut elsewhere each, to average (default 0: a single one)"
    )
    command.add_argument("--again", action="store_true", help="separate songs anew that are in the library already")
    _add_json_option(command, "one JSON object a job on standard output, when the job ends")
    command.set_defaults(run=_run_separate)


def _parse_path(text: str) -> Path:
    """Return a path. Raises ArgumentTypeError if the text is empty.

    An empty text is usually an unset shell variable, and `Path` would read it as the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("a path is empty; name a file or folder (. is this folder)")
    return Path(text)


def _parse_overlap(text: str) -> float:
    overlap = float(text)
    if not SETTINGS["overlap"].is_valid(overlap):
        raise ValueError
    return overlap


def _parse_shifts(text: str) -> int:
    shifts = int(text)
    if not SETTINGS["shifts"].is_valid(shifts):
        raise ValueError
    return shifts


def _configure_jobs(command: argparse.ArgumentParser) -> None:
    _add_json_option(command, "one JSON array")
    command.set_defaults(run=_run_jobs)


def _configure_job_action(command: argparse.ArgumentParser, command_name: str) -> None:
    command.add_argument("id", metavar="ID", help="the job's id, or as much of its beginning as is unique")
    if command_name == "retry":
        command.add_argument("--model", help="another model than before")
    if command_name == "move":
        command.add_argument(
            "--to", type=_parse_place, metavar="N", help="its place among the queued songs (default 1: next)"
        )
    command.set_defaults(run=_run_job_action, command_name=command_name)


def _configure_pause(command: argparse.ArgumentParser, command_name: str) -> None:
    text = "the jobs' ids, or as much of their beginnings as is unique (default: the whole queue)"
    command.add_argument("ids", metavar="ID", nargs="*", help=text)
    command.set_defaults(run=_run_pause, command_name=command_name)


def _configure_restore(command: argparse.ArgumentParser) -> None:
    selection = command.add_mutually_exclusive_group(required=True)
    selection.add_argument(
        "ids", metavar="ID", nargs="*", default=[], help="ids, or as much of their beginnings as is unique"
    )
    selection.add_argument(
        "--last", action="store_true", help="all that the last `remove` or `clear` has moved to the bin"
    )
    command.set_defaults(run=_run_restore)


def _configure_bin(command: argparse.ArgumentParser) -> None:
    action = command.add_mutually_exclusive_group()
    action.add_argument("--empty", action="store_true", help="delete everything in it")
    action.add_argument("--delete", metavar="ID", nargs="+", help="delete these jobs")
    _add_json_option(command, "one JSON array")
    command.add_argument("--yes", action="store_true", help="delete without asking")
    command.set_defaults(run=_run_bin)


def _parse_place(text: str) -> int:
    place = int(text)
    if place < 1:
        raise ValueError
    return place


def _configure_export(command: argparse.ArgumentParser) -> None:
    text = "the jobs' ids, or as much of their beginnings as is unique"
    command.add_argument("ids", metavar="ID", nargs="+", help=text)
    command.add_argument("--to", metavar="FOLDER", type=_parse_path, required=True, help="made where it is missing")
    text = "default: the export format of the settings"
    command.add_argument("--format", choices=EXPORT_FORMATS, default=None, help=text)
    command.set_defaults(run=_run_export)


def _configure_models(command: argparse.ArgumentParser) -> None:
    subcommands = command.add_subparsers(metavar="list|download|import|remove", required=True)
    for name, text in (
        ("list", "what there is"),
        ("download", "bring a model of the catalogue here"),
        ("import", "add a weights file of your own"),
        ("remove", "delete a model's files"),
    ):
        subcommand = subcommands.add_parser(name, help=text)
        if name == "import":
            subcommand.add_argument("path", type=_parse_path, metavar="PATH")
            subcommand.add_argument("--name", help="its name from now on (default: the file's name without its suffix)")
        elif name != "list":
            subcommand.add_argument("name", metavar="NAME")
        _add_json_option(subcommand, "machine-readable output")
        subcommand.set_defaults(run=_run_models, command_name=name)


def _configure_doctor(command: argparse.ArgumentParser) -> None:
    _add_json_option(command, "one JSON array of checks")
    command.set_defaults(run=_run_doctor)


def _add_json_option(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--json", action="store_true", help=text)


# Imported in the functions, so that `unbraid --help` and `unbraid jobs` do not wait for Celery.
def _run_separate(arguments: argparse.Namespace) -> int:
    from desktop.cli.separate import run_separate

    return run_separate(arguments)


def _run_jobs(arguments: argparse.Namespace) -> int:
    from desktop.cli.jobs import list_jobs

    return list_jobs(as_json=arguments.json)


def _run_job_action(arguments: argparse.Namespace) -> int:
    from desktop.cli.bin import remove_job
    from desktop.cli.jobs import cancel_or_retry, move_job

    if arguments.command_name == "remove":
        return remove_job(arguments.id)
    if arguments.command_name == "move":
        return move_job(arguments.id, arguments.to or 1)
    return cancel_or_retry(arguments.command_name, arguments.id, getattr(arguments, "model", None))


def _run_clear(_: argparse.Namespace) -> int:
    from desktop.cli.bin import clear_ended_jobs

    return clear_ended_jobs()


def _run_restore(arguments: argparse.Namespace) -> int:
    from desktop.cli.bin import restore_jobs

    return restore_jobs(arguments.ids, arguments.last)


def _run_bin(arguments: argparse.Namespace) -> int:
    from desktop.cli.bin import delete_removed_jobs, list_bin

    if arguments.empty or arguments.delete:
        return delete_removed_jobs(arguments.delete or [], arguments.yes)
    return list_bin(as_json=arguments.json)


def _run_pause(arguments: argparse.Namespace) -> int:
    from desktop.cli.jobs import pause_or_resume_jobs, pause_or_resume_queue

    return (
        pause_or_resume_jobs(arguments.command_name, arguments.ids)
        if arguments.ids
        else pause_or_resume_queue(arguments.command_name)
    )


def _run_export(arguments: argparse.Namespace) -> int:
    from desktop.cli.export import export_jobs

    return export_jobs(arguments.ids, arguments.to, arguments.format)


def _run_models(arguments: argparse.Namespace) -> int:
    from desktop.cli.models import run_models

    return run_models(arguments)


def _run_doctor(arguments: argparse.Namespace) -> int:
    from desktop.cli.doctor import run_doctor

    return run_doctor(as_json=arguments.json)
