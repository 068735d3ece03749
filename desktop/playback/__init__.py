"""Audio playback without Qt: session, mix, reader, player, mixer and device."""
