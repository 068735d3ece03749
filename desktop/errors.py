"""What can go wrong, as sentences a musician can act on.

An `UnbraidError` carries its message as it is to be shown: what happened, to which file, what to do next.
Anything else that is raised is a defect of ours, and goes to the log with its traceback.
"""


class UnbraidError(Exception):
    """A failure whose message is meant for the user, whole and final."""

    def __init__(self, problem: str, advice: str = "") -> None:
        """`what` says what happened and to which file, `advice` what to do next: the message is both in a row."""
        super().__init__(f"{problem} {advice}" if advice else problem)
        self.problem = problem
        """Shown alone where Unbraid itself tries again, so that nothing is left for the user to do."""
        self.advice = advice


class UnusableTrackError(UnbraidError):
    """The track cannot be separated whatever we do: not audio, damaged, empty, missing, unreadable."""


class DuplicateTrackError(UnbraidError):
    """A track with the same content is in the library already, or in its bin."""

    def __init__(self, message: str, job_id: str, in_bin: bool) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.in_bin = in_bin


class StorageError(UnbraidError):
    """The disk is full, read-only, or the library's folder is gone."""


class DamagedLibraryError(StorageError):
    """The library's database is not one, or not whole."""


class ModelUnavailableError(UnbraidError):
    """The model is not on the shelf and could not be brought there now."""


class ModelRejectedError(UnbraidError):
    """A weights file is damaged, of an unknown kind, or tries to run code."""


class SoundUnavailableError(UnbraidError):
    """No sound device can be opened, or the one in use went away."""


class ServiceUnavailableError(UnbraidError):
    """Redis or the worker cannot be started or reached."""


class ConfigurationError(UnbraidError):
    """A variable of the environment that is ours has a value that cannot be used."""


class UpdateError(UnbraidError):
    """Whether there is a newer version was not learned, or what was told is not to be believed."""


class UnknownJobError(UnbraidError):
    """No job of the library has this id."""


class JobStateError(UnbraidError):
    """The job is in a state in which this cannot be done to it."""


class CancelledError(UnbraidError):
    """The user asked for the job to stop, and it did, between two segments."""


class LostClaimError(UnbraidError):
    """Another worker owns the job now; whatever this one made must not be published."""
