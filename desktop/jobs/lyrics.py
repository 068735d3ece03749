"""Lyrics of a job's track: the kept ones, or else those that are found beside the track or in its tags."""

from desktop.jobs.files import find_stored_track
from desktop.jobs.model import Job
from desktop.lyrics.files import keep_lyrics, load_lyrics
from desktop.lyrics.lines import LyricLine
from desktop.paths import JobFolder
from desktop.probe.client import read_tags


def find_lyrics(folder: JobFolder, job: Job) -> tuple[LyricLine, ...]:
    """Return the lyrics that were kept when the track was added; if there are none, look for some, and keep them.

    A track may have been added before lyrics were kept, or its lyrics may have been put beside it later. May take
    seconds. Raises OSError.
    """
    if lines := load_lyrics(folder):
        return lines
    track = find_stored_track(folder, job)
    return keep_lyrics(folder, job.source, read_tags(track).lyrics if track.exists() else ())
