"""Project for a music program beside exported stems: each on a track of its own, with tempo map, sections and loop."""

from collections.abc import Sequence
from pathlib import Path

import soundfile

from desktop.audio.names import native_path
from desktop.audio.stems import stem_title
from desktop.export.dawproject_file import write_dawproject
from desktop.export.midi_tempo_map import format_midi_tempo_map
from desktop.export.parts import applied_state
from desktop.export.project import DawProject, ProjectTrack
from desktop.export.reaper_project import format_reaper_project
from desktop.export.rendered_parts import heard_state
from desktop.export.settings import ExportSettings, ProjectKind
from desktop.export.stem_colours import stem_colour
from desktop.export.tempo_map import make_tempo_map
from desktop.jobs.analysis_files import load_corrected_analysis
from desktop.jobs.export_job import Moves
from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.practice import Loop, Marker
from desktop.playback.song_state import LaneLook

_MovedStem = tuple[str, tuple[Path, Path]]
"""Name of a stem, where its file was written, and the target of the file."""


def create_project_files(folder: Path, settings: ExportSettings) -> list[Path]:
    """Return the paths in `folder` of the files that belong to the project of the settings, without writing them."""
    return [folder / f"project{file.suffix}" for file in settings.project_files]


def write_project_files(
    job: Job, settings: ExportSettings, home: Home, stem_titles: Sequence[str], moves: Moves
) -> None:
    """Write the files of the project, the last ones of `moves`; the others are the stems with these titles.

    The project names them as they are called after the moves.

    Raises OSError.
    """
    count = len(settings.project_files)
    if not count:
        return
    names = {stem_title(stem.name): stem.name for stem in job.stems}
    stems = [(names[title], move) for title, move in zip(stem_titles, moves[:-count], strict=True)]
    project = _read_project(job, settings, home, stems)
    for path, _ in moves[-count:]:
        if path.suffix == ProjectKind.REAPER.suffix:
            path.write_text(format_reaper_project(project), encoding="utf-8")
        elif path.suffix == ProjectKind.DAWPROJECT.suffix:
            write_dawproject(path, project)
        else:
            path.write_bytes(format_midi_tempo_map(project))


def _read_project(job: Job, settings: ExportSettings, home: Home, stems: Sequence[_MovedStem]) -> DawProject:
    state = heard_state(home, job)
    tracks = tuple(_make_track(state.looks.get(name, LaneLook()), name, *move) for name, move in stems)
    seconds = max(track.seconds for track in tracks)
    analysis = load_corrected_analysis(home.job_folder(job.id), job.seconds or 0.0)
    loop = state.loop
    start_s = loop.start_s if settings.is_loop_only and loop else 0.0
    speed = applied_state(state, settings).speed_percent / 100
    tempo_map = make_tempo_map(analysis.grid if analysis else None, job.tempo_bpm, seconds, start_s, speed)
    sections = [Marker((each.time_s - start_s) / speed, each.name) for each in state.markers if each.time_s >= start_s]
    if loop:
        loop = Loop((loop.start_s - start_s) / speed, min(seconds, (loop.end_s - start_s) / speed), loop.name)
    return DawProject(
        job.title,
        job.artist,
        tracks,
        tempo_map,
        tuple(section for section in sections if section.time_s < seconds),
        loop if loop and loop.start_s < loop.end_s else None,
    )


def _make_track(look: LaneLook, name: str, path: Path, target: Path) -> ProjectTrack:
    info = soundfile.info(native_path(path))
    title, colour = look.title or stem_title(name), stem_colour(name, look.colour)
    return ProjectTrack(title, colour, target.name, info.samplerate, info.channels, info.frames)
