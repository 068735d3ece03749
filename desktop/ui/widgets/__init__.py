"""Shared widgets and their helpers."""
