"""Argument parser of the command line."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from desktop import __version__
from desktop.audio_formats import AUDIO_FORMATS
from desktop.cli.commands import (
    run_analyse,
    run_bin,
    run_clear,
    run_doctor,
    run_export,
    run_import_stems,
    run_job_action,
    run_jobs,
    run_models,
    run_pause,
    run_restore,
    run_separate,
)
from desktop.export.names import DEFAULT_NAME_TEMPLATE, NAME_FIELDS, check_name_template
from desktop.export.settings import EXPORT_DEPTHS, EXPORT_SAMPLE_RATES, ExportKind, ProjectKind
from desktop.jobs.model import BIN_RETENTION_DAYS
from desktop.settings import DEFAULT_MODEL, SETTINGS
from desktop.text.message import Message, tr, tr_count

_NAME_FIELDS = ", ".join(f"{{{name}}}" for name in NAME_FIELDS)
_Number = TypeVar("_Number", int, float)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Each command sets `run` in the parsed arguments: a function from these arguments to the exit status. Names of
    commands, options and values are the same in every language.
    """
    root = argparse.ArgumentParser(
        prog="unbraid",
        description=tr("Separate songs into stems on this computer. With files and no command, open the window."),
    )
    root.add_argument("--version", action="version", version=f"unbraid {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    _configure_separate(commands.add_parser("separate", help=tr("separate songs and print where the stems are")))
    _configure_import_stems(
        commands.add_parser("import-stems", help=tr("add a song with stems that another program separated"))
    )
    _configure_jobs(commands.add_parser("jobs", help=tr("list the songs in the library")))
    for name, text in (
        ("cancel", tr("cancel the separation of a song")),
        ("retry", tr("separate a song again; it keeps its stems until the new ones are done")),
        (
            "remove",
            tr_count(
                "move a song and its stems to the bin for {count} day",
                "move a song and its stems to the bin for {count} days",
                BIN_RETENTION_DAYS,
            ),
        ),
    ):
        _configure_job_action(commands.add_parser(name, help=text), name)
    _configure_job_action(
        commands.add_parser("move", help=tr("move a queued song to the front, or to another place in the queue")),
        "move",
    )
    commands.add_parser("clear", help=tr("move all songs that are done, failed or cancelled to the bin")).set_defaults(
        run=run_clear
    )
    _configure_restore(commands.add_parser("restore", help=tr("restore removed songs as they were")))
    _configure_bin(commands.add_parser("bin", help=tr("list the removed songs with their sizes, or delete them")))
    for name, text in (
        ("pause", tr("pause songs or the whole queue; finished parts are kept")),
        ("resume", tr("resume songs or the queue")),
    ):
        _configure_pause(commands.add_parser(name, help=text), name)
    _configure_analyse(commands.add_parser("analyse", help=tr("print the tempo, beats, key and chords of a song")))
    _configure_export(
        commands.add_parser("export", help=tr("write stems or mixes of songs to a folder; never overwrites files"))
    )
    _configure_models(commands.add_parser("models", help=tr("list, download, import or remove models")))
    _configure_doctor(
        commands.add_parser("doctor", help=tr("check that everything works, and say how to fix what does not"))
    )
    commands.add_parser("selftest", help=tr("separate and play the demo song in a real window, and print the result"))
    commands.add_parser("worker", help=tr("run the Celery worker in the foreground (see: unbraid worker --help)"))
    return root


def _configure_separate(command: argparse.ArgumentParser) -> None:
    command.add_argument("tracks", nargs="+", metavar="FILE|FOLDER", type=_parse_path)
    command.add_argument(
        "--model", default=None, help=tr("a model from `unbraid models list` (default {model})", model=DEFAULT_MODEL)
    )
    command.add_argument(
        "--out", type=_parse_path, help=tr("also copy the stems to this folder, one subfolder per song")
    )
    command.add_argument("--format", choices=("wav", "flac", "mp3"), default="wav")
    command.add_argument(
        "--bits", choices=("16", "24", "32f"), help=tr("bit depth of the stems (default: that of the song)")
    )
    command.add_argument(
        "--sum",
        choices=("exact", "raw"),
        default="exact",
        dest="sum_mode",
        help=tr("exact: the stems add up to the original sample for sample; raw: the model's own output"),
    )
    command.add_argument(
        "--overlap",
        type=_number_parser(float, SETTINGS["overlap"].is_valid, Message("{value} is not a number from 0 to 0.9")),
        help=tr("overlap of neighbouring segments, 0 to 0.9 (default 0.25)"),
    )
    command.add_argument(
        "--shifts",
        type=_number_parser(int, SETTINGS["shifts"].is_valid, Message("{value} is not a whole number from 0 to 20")),
        help=tr("number of shifted passes to average (default 0: one pass, not shifted)"),
    )
    command.add_argument("--again", action="store_true", help=tr("also separate songs that are already in the library"))
    _add_json_option(command, tr("print one JSON object per song when it ends"))
    command.set_defaults(run=run_separate)


def _configure_import_stems(command: argparse.ArgumentParser) -> None:
    text = tr("a folder with the stems of one song, the stems themselves, or a stem file for DJs (.stem.mp4)")
    command.add_argument("paths", nargs="+", metavar="FOLDER|FILE", type=_parse_path, help=text)
    command.add_argument("--title", default="", help=tr("title of the song (default: from tags and names)"))
    command.add_argument("--again", action="store_true", help=tr("also add stems that are already in the library"))
    _add_json_option(command, tr("print one JSON object"))
    command.set_defaults(run=run_import_stems)


def _parse_path(text: str) -> Path:
    """Return a path. Raises ArgumentTypeError if the text is empty.

    An empty text is usually an unset shell variable, and `Path` would read it as the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError(tr("a path is empty; give a file or folder (. is the current folder)"))
    return Path(text)


def _number_parser(
    convert: Callable[[str], _Number], is_valid: Callable[[_Number], bool], problem: Message
) -> Callable[[str], _Number]:
    """Return a parser of valid numbers; `problem` says of `{value}` what it is not."""

    def parse(text: str) -> _Number:
        with suppress(ValueError):
            number = convert(text)
            if is_valid(number):
                return number
        raise argparse.ArgumentTypeError(str(problem.with_arguments(value=text)))

    return parse


def _configure_jobs(command: argparse.ArgumentParser) -> None:
    _add_json_option(command, tr("print one JSON array"))
    command.set_defaults(run=run_jobs)


def _configure_job_action(command: argparse.ArgumentParser, command_name: str) -> None:
    command.add_argument("id", metavar="ID", help=tr("the song's id, or a unique beginning of it"))
    if command_name == "retry":
        command.add_argument("--model", help=tr("a different model"))
    if command_name == "move":
        command.add_argument(
            "--to",
            type=_number_parser(int, lambda place: place >= 1, Message("{value} is not a whole number of at least 1")),
            metavar="N",
            help=tr("its new place in the queue (default 1: next)"),
        )
    command.set_defaults(run=run_job_action, command_name=command_name)


def _configure_pause(command: argparse.ArgumentParser, command_name: str) -> None:
    text = tr("ids of songs, or unique beginnings of them (default: the whole queue)")
    command.add_argument("ids", metavar="ID", nargs="*", help=text)
    command.set_defaults(run=run_pause, command_name=command_name)


def _configure_restore(command: argparse.ArgumentParser) -> None:
    selection = command.add_mutually_exclusive_group(required=True)
    selection.add_argument(
        "ids", metavar="ID", nargs="*", default=[], help=tr("ids of songs, or unique beginnings of them")
    )
    selection.add_argument(
        "--last", action="store_true", help=tr("restore everything that the last `remove` or `clear` moved to the bin")
    )
    command.set_defaults(run=run_restore)


def _configure_bin(command: argparse.ArgumentParser) -> None:
    action = command.add_mutually_exclusive_group()
    action.add_argument("--empty", action="store_true", help=tr("delete all songs in the bin"))
    action.add_argument("--delete", metavar="ID", nargs="+", help=tr("delete these songs"))
    _add_json_option(command, tr("print one JSON array"))
    command.add_argument("--yes", action="store_true", help=tr("delete without asking"))
    command.set_defaults(run=run_bin)


def _configure_analyse(command: argparse.ArgumentParser) -> None:
    text = tr("an audio file, or a song's id in the library, or a unique beginning of it")
    command.add_argument("file_or_id", metavar="FILE|ID", type=_parse_path, help=text)
    _add_json_option(command, tr("print one JSON object"))
    command.set_defaults(run=run_analyse)


def _configure_export(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("ids", metavar="ID", nargs="+", help=tr("ids of songs, or unique beginnings of them"))
    text = tr("folder for the files; created if missing")
    add("--to", "--out", metavar="FOLDER", type=_parse_path, required=True, help=text)
    add("--format", choices=tuple(AUDIO_FORMATS), help=tr("default: the export format in the settings"))
    text = tr("the stems (default), one mix, for each stem a mix without it, or one stem file for DJs")
    add("--what", choices=[kind.value for kind in ExportKind], default=ExportKind.STEMS.value, help=text)
    text = tr("only these stems, such as vocals,drums; with --what minus, the stems that are left out")
    add("--stems", metavar="NAMES", type=_parse_names, help=text)
    add("--levels", action="store_true", help=tr("with levels, pan, mutes, solos, click and limiter of the player"))
    add("--practice", action="store_true", help=tr("with speed and key of the player"))
    add("--loop", action="store_true", help=tr("only the chosen loop of the player"))
    add("--normalise", action="store_true", help=tr("as loud as possible, all files of a song alike"))
    add("--depth", choices=EXPORT_DEPTHS, help=tr("bits of each sample, 32f in floating point (default: as the stems)"))
    text = tr("in Hz (default: as the stems)")
    add("--sample-rate", metavar="HZ", type=int, choices=EXPORT_SAMPLE_RATES, help=text)
    text = tr(
        "name of the files, with {fields} (default: {default})", fields=_NAME_FIELDS, default=DEFAULT_NAME_TEMPLATE
    )
    add("--name", metavar="TEMPLATE", type=_parse_name_template, default=DEFAULT_NAME_TEMPLATE, help=text)
    text = tr("project for a music program beside the stems, with a tempo map as MIDI")
    add("--project", choices=[kind.value for kind in ProjectKind], default=ProjectKind.NONE.value, help=text)
    _add_json_option(command, tr("print one JSON object per song"))
    command.set_defaults(run=run_export)


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_name_template(text: str) -> str:
    problem = check_name_template(text)
    if problem:
        raise argparse.ArgumentTypeError(str(problem))
    return text


def _configure_models(command: argparse.ArgumentParser) -> None:
    subcommands = command.add_subparsers(metavar="list|download|import|remove", required=True)
    for name, text in (
        ("list", tr("list all models")),
        ("download", tr("download a model")),
        ("import", tr("add a weights file of your own")),
        ("remove", tr("delete a model's files")),
    ):
        subcommand = subcommands.add_parser(name, help=text)
        if name == "import":
            subcommand.add_argument("path", type=_parse_path, metavar="PATH")
            subcommand.add_argument(
                "--name", help=tr("name of the model (default: the file's name without its suffix)")
            )
        elif name != "list":
            subcommand.add_argument("name", metavar="NAME")
        _add_json_option(subcommand, tr("print JSON"))
        subcommand.set_defaults(run=run_models, command_name=name)


def _configure_doctor(command: argparse.ArgumentParser) -> None:
    _add_json_option(command, tr("print one JSON array of checks"))
    command.set_defaults(run=run_doctor)


def _add_json_option(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--json", action="store_true", help=text)
