"""A small reader of MIDI files that have nothing but meta events."""

import struct


def read_meta_events(content: bytes) -> list[tuple[float, int, bytes]]:
    """Return beat, kind and content of each event of a file with one track."""
    kind, size, file_format, tracks, ticks_per_beat = struct.unpack_from(">4sIHHH", content)
    assert (kind, size, file_format, tracks) == (b"MThd", 6, 0, 1)
    track_kind, track_size = struct.unpack_from(">4sI", content, 14)
    assert (track_kind, track_size) == (b"MTrk", len(content) - 22)
    events: list[tuple[float, int, bytes]] = []
    position, tick = 22, 0
    while position < len(content):
        delta, position = _read_number(content, position)
        tick += delta
        assert content[position] == 0xFF
        event_kind = content[position + 1]
        length, position = _read_number(content, position + 2)
        events.append((tick / ticks_per_beat, event_kind, content[position : position + length]))
        position += length
    return events


def _read_number(content: bytes, position: int) -> tuple[int, int]:
    """Return a number of variable length, and the position behind it."""
    number = 0
    while True:
        byte = content[position]
        position += 1
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            return number, position
