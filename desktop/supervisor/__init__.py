"""The child processes: Redis and the worker, started, watched, restarted and ended with the app."""
