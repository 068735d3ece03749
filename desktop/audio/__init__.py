"""Audio files: decoding, writing, tags, peaks and stem names. Imports neither Qt nor Celery."""
