"""The window: navigation, actions, notices, quitting."""
