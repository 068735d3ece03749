"""The window. Speaks to jobs.service, a feed and a player; knows neither Celery, Redis nor SQL."""
