"""Celery tasks: separation and drafts, their queue and events, and reconciliation with the library."""
