"""The update check: reads a signed feed, only with the user's permission. Does not import Qt."""
