"""Tempo map as a MIDI file, which every music program imports: tempo, bars and markers, without notes.

Standard MIDI Files 1.0: format 0, with the meta events of tempo (51), time signature (58), marker (06) and name (03).
"""

import struct

from desktop.export.project import DawProject

_TICKS_PER_BEAT = 960
_NAME, _MARKER, _END, _TEMPO, _TIME_SIGNATURE = 0x03, 0x06, 0x2F, 0x51, 0x58
_MICROSECONDS_PER_MINUTE = 60_000_000
_MAX_BEAT_US = (1 << 24) - 1
# Quarter notes as the power of two, and MIDI's clocks and 32nd notes in one.
_QUARTER_NOTES = bytes((2, 24, 8))


def format_midi_tempo_map(project: DawProject) -> bytes:
    """Return the content of the MIDI file."""
    tempo_map = project.tempo_map
    events = [(0.0, _meta_event(_NAME, project.title.encode()))]
    for point in tempo_map.bar_changes:
        events.append((point.beat, _meta_event(_TIME_SIGNATURE, bytes((point.beats_per_bar,)) + _QUARTER_NOTES)))
    for point in tempo_map.points:
        beat_us = min(_MAX_BEAT_US, round(_MICROSECONDS_PER_MINUTE / point.bpm))
        events.append((point.beat, _meta_event(_TEMPO, beat_us.to_bytes(3))))
    for marker in project.markers:
        events.append((tempo_map.beat_at(marker.time_s), _meta_event(_MARKER, marker.name.encode())))
    end = max(tempo_map.beat_at(max(track.seconds for track in project.tracks)), *(beat for beat, _ in events))
    events = [*sorted(events, key=lambda event: event[0]), (end, _meta_event(_END, b""))]
    track, last_tick = b"", 0
    for beat, event in events:
        tick = round(beat * _TICKS_PER_BEAT)
        track += _variable_length(tick - last_tick) + event
        last_tick = tick
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_PER_BEAT)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def _meta_event(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable_length(len(content)) + content


def _variable_length(number: int) -> bytes:
    """Return a number in groups of seven bits, the highest ones first; all groups but the last have the eighth bit."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))
