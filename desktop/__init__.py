"""Unbraid, a desktop app that separates songs into stems on this computer."""

__version__ = "0.1.0"
