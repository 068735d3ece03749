"""Formatting of sizes and durations for the window and the command line."""
