"""Dialogs: questions, reports, settings and the bin."""
