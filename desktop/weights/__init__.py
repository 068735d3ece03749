"""Weights files of models, read without running anything in them and without torch."""
