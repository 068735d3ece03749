"""Command line of Unbraid; uses the same library, Redis and worker as the window."""
