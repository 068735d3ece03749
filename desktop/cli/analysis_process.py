"""Analysis of an untrusted file in a process of its own, so that a decoder that crashes ends no command.

The child writes lines of JSON to its standard output: its progress, then the analysis or an error.
"""

import json
import subprocess
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from desktop.analysis.song_analysis import SongAnalysis
from desktop.audio.names import printable
from desktop.errors import UnbraidError, UnusableTrackError
from desktop.runtime.processes import (
    assign_to_job_object,
    end_with_parent_options,
    own_command,
    own_environment,
)
from desktop.runtime.streams import reserve_stdout
from desktop.text.message import Message, message_from_json, message_to_json

COMMAND = "analysis-process"
_CRASHED = Message(
    "{name} crashed its decoder: the file is damaged or malicious. Convert it to WAV with another program, then analyse "
    "the WAV file."
)


def analyse_untrusted(track: Path, report_progress: Callable[[float], None]) -> SongAnalysis:
    """Return the analysis of an audio file; call `report_progress` with 0 to 1.

    Raises UnusableTrackError if the file cannot be decoded, or crashes its decoder.
    """
    with _running_child(track) as lines:
        for line in lines:
            try:
                kind, value = json.loads(line)
            except ValueError:  # the child died while it wrote
                break
            if kind == "progress":
                report_progress(value)
            elif kind == "error":
                raise UnusableTrackError(message_from_json(value))
            else:
                return msgspec.convert(value, SongAnalysis)
    raise UnusableTrackError(_CRASHED.with_arguments(name=printable(track.name)))


def main(argv: Sequence[str]) -> int:
    """Analyse the file in `argv` and write the result; run as the child process."""
    from desktop.analysis.analyse import analyse_file

    out = reserve_stdout()

    def write(kind: str, value: object) -> None:
        out.write(json.dumps([kind, value]).encode() + b"\n")
        out.flush()

    try:
        analysis = analyse_file(Path(argv[0]), lambda: False, lambda fraction: write("progress", fraction))
    except UnbraidError as error:
        write("error", message_to_json(error.message))
    else:
        write("analysis", msgspec.to_builtins(analysis))
    return 0


@contextmanager
def _running_child(track: Path) -> Generator[Iterator[bytes]]:
    """Run the child on `track`, and yield the lines that it writes; kill it at the end, also after Ctrl-C."""
    child = subprocess.Popen(
        own_command(COMMAND, str(track.absolute())),
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **end_with_parent_options(),
    )
    assign_to_job_object(child)
    with child:
        try:
            assert child.stdout is not None
            yield iter(child.stdout)
        finally:
            child.kill()
