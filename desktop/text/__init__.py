"""Text that terminal and window share: sizes, durations, dates."""
