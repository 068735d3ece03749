"""What a decoder says when it can do nothing with a file; another decoder may."""


class UndecodableError(Exception):
    """One decoder cannot read this file. The message ends a sentence that begins with the file's name."""
