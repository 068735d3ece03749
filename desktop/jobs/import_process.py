"""The process that decodes ready-made stems, so that a decoder that crashes ends neither the window nor a command."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen
from threading import Lock
from typing import Any

from desktop.audio.names import printable
from desktop.audio.ready_stems import ReadyStem, ReadyStems, WrittenStems
from desktop.errors import CancelledError, StorageError, UnbraidError, UnusableTrackError
from desktop.runtime.disk_errors import describe_disk_error
from desktop.runtime.message_child import message_writer, read_messages, running_child
from desktop.text.message import Message, message_from_json, message_to_json

COMMAND = "import-process"
_ERRORS: dict[str, type[UnbraidError]] = {error.__name__: error for error in (UnusableTrackError, StorageError)}
_CRASHED = Message(
    "A stem of {name} crashed its decoder: it is damaged or malicious. Convert the stems to WAV with another program, "
    "then open these files."
)


class ImportCancellation:
    """A request to stop an import, made from any thread; it takes effect even if a decoder hangs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._child: Popen[bytes] | None = None
        self._is_requested = False

    def request(self) -> None:
        """Stop the import."""
        with self._lock:
            self._is_requested = True
            if self._child is not None:
                self._child.kill()

    def raise_if_requested(self) -> None:
        """Raise CancelledError after `request`."""
        if self._is_requested:
            raise CancelledError(Message("Cancelled."))

    @contextmanager
    def ending(self, child: "Popen[bytes]") -> Generator[None]:
        """Let `request` end `child` during the block. Raises CancelledError if it was called before."""
        with self._lock:
            self.raise_if_requested()
            self._child = child
        try:
            yield
        finally:
            with self._lock:
                self._child = None


def import_in_process(
    ready: ReadyStems,
    folder: Path,
    mixture: Path,
    mixture_peaks: Path,
    report_progress: Callable[[float], None],
    cancellation: ImportCancellation,
) -> WrittenStems:
    """Write ready-made stems and their sum as `write_ready_stems` does.

    Call `report_progress` with 0 to 1. Raises UnusableTrackError if they are no stems of one song, StorageError if they
    cannot be written, CancelledError; then files may be left over.
    """
    stems = ((stem.name, str(stem.audio_track or ""), str(stem.path)) for stem in ready.stems)
    places = map(str, (folder, mixture, mixture_peaks))
    with (
        running_child(COMMAND, *places, *(argument for stem in stems for argument in stem)) as child,
        cancellation.ending(child),
    ):
        for kind, value in read_messages(child):
            if kind == "progress":
                report_progress(value)
            elif kind == "stems":
                return WrittenStems(**value | {"notices": tuple(map(message_from_json, value["notices"]))})
            else:
                raise _ERRORS[kind](message_from_json(value))
    cancellation.raise_if_requested()
    raise UnusableTrackError(_CRASHED.with_arguments(name=printable(ready.source.name)))


def main(argv: Sequence[str]) -> int:
    """Write the stems that the arguments of `import_in_process` say; run as the child process."""
    from desktop.audio.stem_import import write_ready_stems  # imports the decoders

    folder, mixture, mixture_peaks, *triples = argv
    stems = [
        ReadyStem(name, Path(path), int(track) if track else None)
        for name, track, path in zip(triples[::3], triples[1::3], triples[2::3], strict=True)
    ]
    write = message_writer()
    try:
        written = write_ready_stems(
            stems, Path(folder), Path(mixture), Path(mixture_peaks), lambda fraction: write("progress", fraction)
        )
    except (UnusableTrackError, StorageError) as error:
        write(type(error).__name__, message_to_json(error.message))
    except OSError as error:
        write(StorageError.__name__, message_to_json(import_storage_error(error, Path(folder).parent).message))
    else:
        values: dict[str, Any] = asdict(written) | {"notices": [message_to_json(notice) for notice in written.notices]}
        write("stems", values)
    return 0


def import_storage_error(error: OSError, folder: Path) -> StorageError:
    """Return the error of an import that could not write to `folder`."""
    reason, advice = describe_disk_error(error, folder)
    return StorageError(
        Message("The stems could not be written: {reason}.", reason=reason),
        Message("{advice}, then open them again.", advice=advice),
    )
