"""Stems copied or converted into a folder of the user's. Knows no Qt; window and terminal stand on it."""
