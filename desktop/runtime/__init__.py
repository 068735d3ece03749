"""Processes, environment, locks, logs and crash reports: what the app needs of the system it runs on."""
