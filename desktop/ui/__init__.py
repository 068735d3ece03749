"""User interface in Qt: it uses `jobs.service`, a job feed and a player, and imports neither Celery, Redis nor SQL."""
