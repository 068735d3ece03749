"""The shelf: the models on this machine. Knows files and checksums, never torch."""
