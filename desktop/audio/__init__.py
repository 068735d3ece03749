"""Sound as values: what a file holds, its samples, its peaks. Safe in the window and in the worker."""
