"""Lyrics of a song: found in its file or beside it, shown in time."""
