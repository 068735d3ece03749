"""Analysis of a song: tempo, beats, bars, key, tuning and chords."""
