"""Helpers that pages and dialogs share: background tasks, settings, the job feed, texts about jobs."""
