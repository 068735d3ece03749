"""Stages of a run."""

from enum import StrEnum


class Stage(StrEnum):
    """Current step of a processing job."""

    DOWNLOADING = "downloading"
    DECODING = "decoding"
    SEPARATING = "separating"
    WRITING = "writing"
