"""Unbraid: takes a song apart into its stems, on this computer alone."""

__version__ = "0.1.0"
