"""`unbraid analyse FILE|ID`: print tempo, beats, key and chords of a file, or of a song of the library."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.analysis.song_analysis import SongAnalysis
from desktop.analysis.text import format_key, format_tempo, with_accidentals
from desktop.cli.analysis_process import analyse_untrusted
from desktop.cli.export import create_progress
from desktop.cli.jobs import find_job, open_backend
from desktop.errors import UnusableTrackError
from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.text.durations import format_duration, format_duration_decimals
from desktop.text.message import Message, tr

_ID_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]*", re.IGNORECASE)
_SECOND_DIGITS, _TEMPO_DIGITS, _CENT_DIGITS = 4, 3, 1


def analyse(file_or_id: Path, as_json: bool) -> int:
    """Print the analysis of a file, or else of the song whose id begins with `file_or_id`. Return the exit status.

    The analysis of a song of the library is kept there, with the user's corrections. Raises UnusableTrackError,
    UnknownJobError, JobStateError, StorageError.
    """
    with create_progress() as bar:
        task = bar.add_task(tr("Analysing"), total=1.0)

        def report(fraction: float) -> None:
            bar.update(task, completed=fraction)

        analysis = _find_analysis(file_or_id, report)
    print(json.dumps(analysis_to_json(analysis)) if as_json else format_analysis(analysis))
    return 0


def analysis_to_json(analysis: SongAnalysis) -> dict[str, Any]:
    """Return the JSON object of an analysis: times in seconds, names with ASCII accidentals."""
    grid, key = analysis.grid, analysis.key
    return {
        "tempo": None if analysis.tempo_bpm is None else round(analysis.tempo_bpm, _TEMPO_DIGITS),
        "first_beat": _round_second(grid.beats[0]) if grid else None,
        "beats": [_round_second(beat) for beat in grid.beats] if grid else [],
        "downbeats": [_round_second(beat) for beat in grid.downbeats] if grid else [],
        "metre": grid.beats_per_bar if grid else None,
        "key": key.name if key else None,
        "relative_key": key.relative.name if key else None,
        "tuning_cents": round(analysis.tuning_cents, _CENT_DIGITS),
        "chords": [
            {"start": _round_second(chord.start_s), "end": _round_second(chord.end_s), "name": chord.name}
            for chord in analysis.chords
        ],
    }


def _find_analysis(file_or_id: Path, report: Callable[[float], None]) -> SongAnalysis:
    if file_or_id.exists() or not _ID_PREFIX.fullmatch(str(file_or_id)):
        return analyse_untrusted(file_or_id, report)
    service = open_backend().service
    return _analyse_song(service, find_job(service, str(file_or_id)), report)


def _analyse_song(service: JobService, job: Job, report: Callable[[float], None]) -> SongAnalysis:
    """Return the kept analysis of a song, or a new one, as the user corrected it."""
    if job.wants_analysis and job.result is not None:
        from desktop.analysis.analyse import analyse_stems  # imports SciPy

        try:
            found = analyse_stems({stem.name: stem.path for stem in job.stems}, lambda: False, report)
        except (OSError, RuntimeError) as error:
            raise UnusableTrackError(
                Message("The stems of this song cannot be opened. Separate the song again.")
            ) from error
        service.keep_analysis(job, found)
    corrected = service.corrected_analysis(job)
    return corrected or analyse_untrusted(service.stored_track(job), report)


def format_analysis(analysis: SongAnalysis) -> str:
    """Return an analysis as lines for people."""
    grid, key = analysis.grid, analysis.key
    if grid is None or analysis.tempo_bpm is None:
        tempo = tr("no steady beat")
    else:
        tempo = tr(
            "{bpm} beats per minute, {beats} in a bar, the first at {time}",
            bpm=format_tempo(analysis.tempo_bpm),
            beats=grid.beats_per_bar,
            time=format_duration_decimals(grid.beats[0], 2),
        )
    key_text = tr("{key}, or {relative}", key=format_key(key), relative=format_key(key.relative)) if key else "–"
    rows = [
        (tr("Tempo"), tempo),
        (tr("Key"), key_text),
        (tr("Tuning"), tr("{cents:+.0f} cents", cents=analysis.tuning_cents)),
    ]
    chords = [f"{format_duration(chord.start_s)} {with_accidentals(chord.name)}" for chord in analysis.chords]
    rows += [(tr("Chords"), "  ".join(chords))] if chords else []
    width = max(len(heading) for heading, _ in rows)
    return "\n".join(f"{heading:<{width}}  {text}" for heading, text in rows)


def _round_second(second: float) -> float:
    return round(second, _SECOND_DIGITS)
