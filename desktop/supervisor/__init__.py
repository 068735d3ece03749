"""Supervision of the child processes Redis and worker: started, watched, restarted, and stopped with the app."""
