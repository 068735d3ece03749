"""Projects for music programs: read back, they have each stem on its track, and bars, sections and loop in their place."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import soundfile as sf

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.song_analysis import SongAnalysis
from desktop.export.settings import ExportKind, ExportSettings, ProjectKind
from desktop.jobs.analysis_files import KeptAnalysis, save_analysis
from desktop.jobs.model import AnalysisInput, Job
from desktop.paths import Home
from desktop.playback.practice import Loop, Marker
from desktop.playback.song_state import LaneLook, SongState
from tests.helpers.exports import export_to
from tests.helpers.midi import read_meta_events
from tests.helpers.reaper import RppBlock, parse_rpp
from tests.helpers.stems import SAMPLE_RATE, write_library_job

REAPER, DAWPROJECT = ProjectKind.REAPER, ProjectKind.DAWPROJECT
BOTH = pytest.mark.parametrize("kind", [REAPER, DAWPROJECT])
# 120 beats a minute; the first bar begins after one beat.
GRID = BeatGrid(tuple(0.25 + 0.5 * beat for beat in range(20)), first_downbeat=1)
STATE = SongState(
    markers=(Marker(0.75, "Intro"), Marker(2.75, 'Verse "A"')),
    loops=(Loop(2.75, 4.75, "Chorus"),),
    loop_index=0,
    speed_percent=50.0,
    looks={"drums": LaneLook(title="Kit & toms", colour="PIANO")},
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Return a song of 8 s with vocals, drums and bass."""
    home = Home(tmp_path / "library").create_folders()
    job = write_library_job(home, stem_count=3, seconds=8.0)
    home.job_folder(job.id).song_state.write_bytes(STATE.to_json())
    save_analysis(home.job_folder(job.id), KeptAnalysis(SongAnalysis(grid=GRID, tempo_bpm=120.0), AnalysisInput.STEMS))
    return replace(job, tempo_bpm=120.0)


def export_project(folder: Path, job: Job, kind: ProjectKind, **changes: Any) -> tuple[list[Path], Path, Path]:
    """Export with a project, and return the stems, the project and the tempo map."""
    *stems, project, tempo_map = export_to(folder, job, project=kind, **changes)
    return stems, project, tempo_map


def read_reaper(path: Path) -> RppBlock:
    return parse_rpp(path.read_text(encoding="utf-8"))


def read_dawproject(path: Path, name: str = "project.xml") -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["project.xml", "metadata.xml"]
        return ET.fromstring(archive.read(name))


@BOTH
def test_project_and_tempo_map_are_beside_the_stems(tmp_path: Path, job: Job, kind: ProjectKind) -> None:
    stems, project, tempo_map = export_project(tmp_path / "out", job, kind)
    assert [path.name for path in stems] == [
        f"Mara Lind - Night Drive ({stem}).wav" for stem in ("Vocals", "Drums", "Bass")
    ]
    assert project.name == f"Mara Lind - Night Drive (Project){kind.suffix}"
    assert tempo_map.name == "Mara Lind - Night Drive (Tempo map).mid"
    assert sorted((tmp_path / "out").iterdir()) == sorted([*stems, project, tempo_map])


@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_reaper_has_each_stem_on_a_track_with_title_and_colour(tmp_path: Path, job: Job, file_format: str) -> None:
    stems, project, _ = export_project(tmp_path / "out", job, REAPER, file_format=file_format)
    tracks = read_reaper(project).blocks("TRACK")
    assert [track.value("NAME") for track in tracks] == ["Vocals", "Kit & toms", "Bass"]
    # Blue, green and red of #56B4E9 and of the colour of the piano, #F0E442, which the user has chosen for the drums.
    assert [int(track.value("PEAKCOL")) for track in tracks][:2] == [0x1E9B456, 0x142E4F0]
    for track, stem in zip(tracks, stems, strict=True):
        (item,) = track.blocks("ITEM")
        (source,) = item.blocks("SOURCE")
        assert (float(item.value("POSITION")), float(item.value("LENGTH"))) == (0.0, 8.0)
        assert (source.arguments, source.value("FILE")) == ([file_format.upper().replace("WAV", "WAVE")], stem.name)


def test_reaper_has_tempo_bars_sections_and_loop(tmp_path: Path, job: Job) -> None:
    _, project, _ = export_project(tmp_path / "out", job, REAPER)
    root = read_reaper(project)
    (tempo,) = root.blocks("TEMPOENVEX")
    points = [[float(value) for value in line] for line in tempo.lines("PT")]
    # One of two beats comes before the first bar; both fit into 0.75 s.
    assert points[0] == pytest.approx([0.0, 160.0, 1, 4 << 16 | 2, 0, 1])
    assert points[1] == pytest.approx([0.75, 120.0, 1, 4 << 16 | 4, 0, 1])
    assert len(points) == 2
    markers = [(float(time), name, int(flag)) for _, time, name, flag in root.lines("MARKER")]
    assert sorted(markers) == [
        (0.75, "Intro", 0),
        (2.75, "Chorus", 1),
        (2.75, 'Verse "A"', 0),
        (4.75, "", 1),
    ]
    assert [float(value) for value in root.lines("SELECTION")[0]] == [2.75, 4.75]


def test_dawproject_has_tracks_clips_tempo_bars_and_markers(tmp_path: Path, job: Job) -> None:
    stems, project, _ = export_project(tmp_path / "out", job, DAWPROJECT)
    root = read_dawproject(project)
    tracks = {track.get("id"): track for track in root.iterfind("Structure/Track")}
    assert [track.get("name") for track in tracks.values()] == ["Vocals", "Kit & toms", "Bass", "Master"]
    assert [track.get("color") for track in tracks.values()] == ["#56B4E9", "#F0E442", "#D55E00", None]
    lanes = root.findall("Arrangement/Lanes/Lanes")
    for stem, lane, track_id in zip(stems, lanes, tracks, strict=False):
        assert lane.get("track") == track_id
        clip = lane.find("Clips/Clip")
        assert clip is not None
        # 2 beats to 0.75 s, and then two a second.
        assert (float(clip.get("time", "")), float(clip.get("duration", ""))) == pytest.approx((0.0, 16.5))
        audio, file = clip.find("Audio"), clip.find("Audio/File")
        assert audio is not None
        assert file is not None
        assert (file.get("path"), file.get("external")) == (stem.name, "true")
        assert (float(audio.get("duration", "")), audio.get("sampleRate")) == (8.0, str(SAMPLE_RATE))
    points = [(float(p.get("time", "")), float(p.get("value", ""))) for p in root.iter("RealPoint")]
    assert points == [(0.0, 160.0), (2.0, 120.0)]
    bars = [(float(p.get("time", "")), p.get("numerator")) for p in root.iter("TimeSignaturePoint")]
    assert bars == [(0.0, "2"), (2.0, "4")]
    assert [(float(m.get("time", "")), m.get("name")) for m in root.iter("Marker")] == [
        (2.0, "Intro"),
        (6.0, 'Verse "A"'),
        (6.0, "Chorus (start)"),
        (10.0, "Chorus (end)"),
    ]
    metadata = read_dawproject(project, "metadata.xml")
    assert (metadata.findtext("Title"), metadata.findtext("Artist")) == ("Night Drive", "Mara Lind")


def test_ids_of_a_dawproject_are_unique_and_every_reference_has_one(tmp_path: Path, job: Job) -> None:
    _, project, _ = export_project(tmp_path / "out", job, DAWPROJECT)
    root = read_dawproject(project)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    names = ("track", "destination", "parameter")
    references = {element.get(name) for element in root.iter() for name in names if element.get(name)}
    assert references <= set(ids)
    assert [child.tag for child in root] == ["Application", "Transport", "Structure", "Arrangement"]
    arrangement = root.find("Arrangement")
    assert arrangement is not None
    assert [child.tag for child in arrangement] == ["Lanes", "Markers", "TempoAutomation", "TimeSignatureAutomation"]


def test_midi_file_has_tempo_bars_and_markers(tmp_path: Path, job: Job) -> None:
    _, _, tempo_map = export_project(tmp_path / "out", job, REAPER)
    events = read_meta_events(tempo_map.read_bytes())
    assert [(beat, int.from_bytes(content)) for beat, kind, content in events if kind == 0x51] == [
        (0.0, 375_000),
        (2.0, 500_000),
    ]
    assert [(beat, content[:2]) for beat, kind, content in events if kind == 0x58] == [(0.0, b"\2\2"), (2.0, b"\4\2")]
    assert [(beat, content.decode()) for beat, kind, content in events if kind == 0x06] == [
        (2.0, "Intro"),
        (6.0, 'Verse "A"'),
        (6.0, "Chorus (start)"),
        (10.0, "Chorus (end)"),
    ]
    assert events[-1] == (16.5, 0x2F, b"")


def test_speed_moves_everything_and_a_loop_alone_begins_at_its_start(tmp_path: Path, job: Job) -> None:
    stems, project, _ = export_project(tmp_path / "out", job, REAPER, applies_practice=True, is_loop_only=True)
    root = read_reaper(project)
    (tempo,) = root.blocks("TEMPOENVEX")
    assert [[float(value) for value in line[:2]] for line in tempo.lines("PT")] == [[0.0, 60.0]]
    assert [(float(line[1]), line[2]) for line in root.lines("MARKER")] == [
        (0.0, "Chorus"),
        (4.0, ""),
        (0.0, 'Verse "A"'),
    ]
    (item,) = root.blocks("TRACK")[0].blocks("ITEM")
    assert float(item.value("LENGTH")) == pytest.approx(sf.info(stems[0]).frames / SAMPLE_RATE)


def test_second_project_names_the_files_beside_it_and_not_those_of_the_first(tmp_path: Path, job: Job) -> None:
    export_project(tmp_path / "out", job, REAPER)
    stems, project, _ = export_project(tmp_path / "out", job, REAPER, stems=("bass",))
    assert project.name == "Mara Lind - Night Drive (Project) 2.rpp"
    (track,) = read_reaper(project).blocks("TRACK")
    assert track.blocks("ITEM")[0].blocks("SOURCE")[0].value("FILE") == stems[0].name
    assert stems[0].name == "Mara Lind - Night Drive (Bass) 2.wav"


def test_song_that_was_never_analysed_has_a_constant_tempo(tmp_path: Path) -> None:
    job = write_library_job(Home(tmp_path / "library").create_folders(), stem_count=1)
    _, project, _ = export_project(tmp_path / "out", job, REAPER)
    assert read_reaper(project).lines("TEMPO") == [["120.0000000000", "4", "4"]]


@pytest.mark.parametrize(
    "settings",
    [ExportSettings(ExportKind.MIX), ExportSettings(file_format="mp3"), ExportSettings(ExportKind.NI_STEM)],
    ids=["mix", "mp3", "stem file"],
)
def test_only_lossless_stems_have_a_project(tmp_path: Path, job: Job, settings: ExportSettings) -> None:
    files = export_to(tmp_path / "out", job, settings.file_format, kind=settings.kind, project=REAPER)
    assert not [path for path in files if path.suffix in (".rpp", ".mid")]
