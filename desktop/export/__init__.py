"""Export of stems to a folder that the user chooses; used by window and command line, without Qt."""
