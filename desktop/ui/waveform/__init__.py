"""Waveforms: cached images of peak pyramids, the time ruler and the playhead."""
