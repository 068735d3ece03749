"""The player: lanes and the transport bar."""
