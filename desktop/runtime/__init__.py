"""Services of the operating system: processes, environment, locks, logs and crash reports."""
