"""Desktop services of the operating system: tray, notifications, screen reader, sleep inhibitors, opened files."""
