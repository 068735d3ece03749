"""The few questions and reports that need a window of their own."""
