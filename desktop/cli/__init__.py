"""The commands beside the window, over the same library, Redis and worker."""
