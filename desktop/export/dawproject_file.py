"""DAWproject (.dawproject), the open format of Bitwig, Studio One, Cubase and others: two XML files in a zip archive.

Source: https://github.com/bitwig/dawproject, Project.xsd and MetaData.xsd.
"""

import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from desktop import __version__
from desktop.audio.names import printable
from desktop.export.project import DawProject, ProjectTrack
from desktop.export.tempo_map import TempoMap

_FORMAT_VERSION = "1.0"
_TEMPO, _BAR, _MASTER = "tempo", "bar", "master"
"""Ids of elements that others refer to; those of tracks are numbered."""
_MAX_TEXT_LENGTH = 200
# Archives have no time before this one, and the same project is the same file.
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def write_dawproject(path: Path, project: DawProject) -> None:
    """Write the project to `path`, beside its audio files. Raises OSError."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in (("project.xml", _make_project(project)), ("metadata.xml", _make_metadata(project))):
            content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
            archive.writestr(zipfile.ZipInfo(name, _TIMESTAMP), content)


def _make_metadata(project: DawProject) -> ET.Element:
    root = ET.Element("MetaData")
    for name, text in (("Title", project.title), ("Artist", project.artist)):
        if text:
            ET.SubElement(root, name).text = printable(text, _MAX_TEXT_LENGTH)
    return root


def _make_project(project: DawProject) -> ET.Element:
    tempo_map = project.tempo_map
    first = tempo_map.points[0]
    root = ET.Element("Project", version=_FORMAT_VERSION)
    _add(root, "Application", name="Unbraid", version=__version__)
    transport = _add(root, "Transport")
    _add(transport, "Tempo", id=_TEMPO, name="Tempo", unit="bpm", value=first.bpm)
    _add(transport, "TimeSignature", id=_BAR, numerator=first.beats_per_bar, denominator=4)
    structure = _add(root, "Structure")
    for number, track in enumerate(project.tracks):
        _add_track(structure, f"track{number}", track)
    master = _add(structure, "Track", id=f"{_MASTER}-track", name="Master", contentType="audio", loaded="true")
    _add_channel(master, _MASTER, 2, role="master")
    arrangement = _add(root, "Arrangement", id="arrangement")
    lanes = _add(arrangement, "Lanes", id="lanes", timeUnit="beats")
    for number, track in enumerate(project.tracks):
        _add_clip(lanes, f"track{number}", track, tempo_map)
    if project.markers:
        markers = _add(arrangement, "Markers", id="markers", timeUnit="beats")
        for marker in project.markers:
            name = printable(marker.name, _MAX_TEXT_LENGTH)
            _add(markers, "Marker", time=tempo_map.beat_at(marker.time_s), name=name)
    _add_automation(arrangement, tempo_map)
    return root


def _add_track(structure: ET.Element, track_id: str, track: ProjectTrack) -> None:
    name = printable(track.title, _MAX_TEXT_LENGTH)
    element = _add(structure, "Track", id=track_id, name=name, color=track.colour, contentType="audio", loaded="true")
    _add_channel(element, f"{track_id}-channel", track.channels, role="regular", destination=_MASTER)


def _add_channel(track: ET.Element, channel_id: str, channels: int, **attributes: str) -> None:
    channel = _add(track, "Channel", id=channel_id, audioChannels=channels, solo="false", **attributes)
    _add(channel, "Mute", id=f"{channel_id}-mute", name="Mute", value="false")
    _add(channel, "Pan", id=f"{channel_id}-pan", name="Pan", unit="normalized", min=0.0, max=1.0, value=0.5)
    _add(channel, "Volume", id=f"{channel_id}-volume", name="Volume", unit="linear", min=0.0, max=2.0, value=1.0)


def _add_clip(lanes: ET.Element, track_id: str, track: ProjectTrack, tempo_map: TempoMap) -> None:
    """Add the audio file of a track as it is, without stretching it to the beats."""
    track_lanes = _add(lanes, "Lanes", id=f"{track_id}-lanes", track=track_id)
    clips = _add(track_lanes, "Clips", id=f"{track_id}-clips")
    clip = _add(
        clips,
        "Clip",
        name=printable(track.title, _MAX_TEXT_LENGTH),
        time=0.0,
        duration=tempo_map.beat_at(track.seconds),
        contentTimeUnit="seconds",
        playStart=0.0,
    )
    audio = _add(
        clip,
        "Audio",
        id=f"{track_id}-audio",
        algorithm="raw",
        channels=track.channels,
        duration=track.seconds,
        sampleRate=track.sample_rate,
        timeUnit="seconds",
    )
    _add(audio, "File", path=track.file_name, external="true")


def _add_automation(arrangement: ET.Element, tempo_map: TempoMap) -> None:
    tempo = _add(arrangement, "TempoAutomation", id="tempo-automation", timeUnit="beats", unit="bpm")
    _add(tempo, "Target", parameter=_TEMPO)
    for point in tempo_map.points:
        _add(tempo, "RealPoint", time=point.beat, value=point.bpm, interpolation="hold")
    bars = _add(arrangement, "TimeSignatureAutomation", id="bar-automation", timeUnit="beats")
    _add(bars, "Target", parameter=_BAR)
    for point in tempo_map.bar_changes:
        _add(bars, "TimeSignaturePoint", time=point.beat, numerator=point.beats_per_bar, denominator=4)


def _add(parent: ET.Element, kind: str, /, **attributes: str | float) -> ET.Element:
    """Add an element; numbers are written with nine decimals, or as integers if they are."""
    texts = {key: f"{value:.9f}" if isinstance(value, float) else str(value) for key, value in attributes.items()}
    return ET.SubElement(parent, kind, texts)
