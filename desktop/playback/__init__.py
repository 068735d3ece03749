"""Sound out, without Qt: the mixer, the player, the transport."""
