"""Segments of a track: their grid, the store of finished segments, and partial results."""
