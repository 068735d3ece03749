"""Files of analysed songs: the kept analysis, and the user's corrections of it."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from desktop.analysis.edits import AnalysisEdits, apply_edits
from desktop.analysis.song_analysis import SongAnalysis
from desktop.atomic_file import write_atomically
from desktop.job_folders import JobFolder
from desktop.jobs.model import AnalysisInput

_Value = TypeVar("_Value")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptAnalysis:
    """Analysis in a job's folder."""

    analysis: SongAnalysis
    made_from: AnalysisInput


def load_analysis(folder: JobFolder) -> KeptAnalysis | None:
    """Return the kept analysis of a song, without the user's corrections; None if there is none, or it is damaged."""
    analysis = _read(folder.analysis, SongAnalysis)
    origin = _read(folder.analysis, _Origin) if analysis else None
    return KeptAnalysis(analysis, origin.made_from) if analysis and origin else None


def load_corrected_analysis(folder: JobFolder, seconds: float) -> SongAnalysis | None:
    """Return the kept analysis of a song of this length as the user corrected it; None if there is none."""
    kept = load_analysis(folder)
    return apply_edits(kept.analysis, load_edits(folder), seconds) if kept else None


def load_edits(folder: JobFolder) -> AnalysisEdits:
    """Return the user's corrections, which are part of the state of the song in the player."""
    # Of the whole state only this field: a job does not know what the player is.
    state = _read(folder.song_state, _Corrections)
    return state.edits if state else AnalysisEdits()


def save_analysis(folder: JobFolder, kept: KeptAnalysis) -> None:
    """Write the analysis of a song. Raises OSError, also if the job was deleted: its folder is not created again."""
    values = msgspec.to_builtins(kept.analysis) | {"made_from": kept.made_from}
    write_atomically(folder.analysis, msgspec.json.encode(values))


@dataclass(frozen=True)
class _Origin:
    made_from: AnalysisInput


@dataclass(frozen=True)
class _Corrections:
    edits: AnalysisEdits = field(default_factory=AnalysisEdits)


def _read(path: Path, kind: type[_Value]) -> _Value | None:
    """Return the value in a JSON file, without fields that `kind` does not have; None if there is no such value."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s of job %s is ignored: %s", path.name, path.parent.name, error)
        return None
