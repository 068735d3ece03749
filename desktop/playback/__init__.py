"""Audio playback without Qt: device, mixer, player, reader and transport."""
