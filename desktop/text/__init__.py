"""Formatting of sizes, durations and counts for the window and the command line."""
