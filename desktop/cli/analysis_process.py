"""Analysis of an untrusted file in a process of its own, so that a decoder that crashes ends no command.

The child writes lines of JSON to its standard output: its progress, then the analysis or an error.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from desktop.analysis.song_analysis import SongAnalysis
from desktop.audio.names import printable
from desktop.errors import UnbraidError, UnusableTrackError
from desktop.runtime.message_child import message_writer, read_messages, running_child
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
    with running_child(COMMAND, str(track.absolute())) as child:
        for kind, value in read_messages(child):
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

    write = message_writer()
    try:
        analysis = analyse_file(Path(argv[0]), lambda: False, lambda fraction: write("progress", fraction))
    except UnbraidError as error:
        write("error", message_to_json(error.message))
    else:
        write("analysis", msgspec.to_builtins(analysis))
    return 0
