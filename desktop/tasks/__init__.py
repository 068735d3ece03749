"""Celery, thin: the task, its queue, its progress, and how the queue is rebuilt from the library."""
