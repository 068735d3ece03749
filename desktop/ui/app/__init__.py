"""Main window: navigation, actions, notices and quitting."""
