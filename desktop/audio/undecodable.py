"""What decoders say of files that are not as they should be."""

INCOMPLETE = "The file is incomplete; what is there was separated."
LEFT_OUT = "Parts of the file are damaged and were left out."


class UndecodableError(Exception):
    """One decoder cannot read this file; another may. The message ends a sentence that begins with the file's name."""
