"""Waveforms: cached pictures of peak pyramids, the ruler and the playhead."""
