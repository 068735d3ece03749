"""Errors with messages for the user.

The message of an `UnbraidError` is shown as it is: what happened, to which file, and what to do next. Any other
exception is a bug, and is logged with its traceback.
"""

from desktop.text.message import Message, join_messages


class UnbraidError(Exception):
    """Base of all failures whose message is shown to the user as it is."""

    def __init__(self, problem: Message, advice: Message | None = None) -> None:
        """Keep `problem` (what happened, to which file) and `advice` (what to do next): a sentence each."""
        super().__init__(problem, advice)
        self.problem = problem
        """The message without the advice, for places where Unbraid retries by itself and the user need not act."""
        self.advice = advice

    @property
    def message(self) -> Message:
        """Problem and advice as one message."""
        return join_messages(self.problem, self.advice) if self.advice else self.problem

    def __str__(self) -> str:
        """Return the message in the language of this process."""
        return str(self.message)


class UnusableTrackError(UnbraidError):
    """The track can never be separated: it is not audio, or is damaged, empty, missing or unreadable."""


class DuplicateTrackError(UnbraidError):
    """A track with the same content is already in the library or in its bin."""

    def __init__(self, problem: Message, job_id: str, in_bin: bool) -> None:
        super().__init__(problem)
        self.job_id = job_id
        self.in_bin = in_bin


class StorageError(UnbraidError):
    """The disk is full or read-only, or the library's folder is gone."""


class DamagedLibraryError(StorageError):
    """The library's database file is damaged, or is not a database."""


class ModelUnavailableError(UnbraidError):
    """The model is not in the model store and could not be downloaded now."""


class ModelRejectedError(UnbraidError):
    """A weights file is damaged, of an unknown kind, or tries to run code."""


class SoundUnavailableError(UnbraidError):
    """No sound device can be opened, or the one in use was disconnected."""


class StretchUnavailableError(SoundUnavailableError):
    """Speed and key cannot be changed, because this machine has no stretcher."""


class ServiceUnavailableError(UnbraidError):
    """Redis or the worker cannot be started or reached."""


class ConfigurationError(UnbraidError):
    """An environment variable of Unbraid has an invalid value."""


class UpdateError(UnbraidError):
    """The update check failed: no reply, or the signature did not verify."""


class UnknownJobError(UnbraidError):
    """The library has no job with this id."""


class JobStateError(UnbraidError):
    """The operation is not allowed in the current state of the job."""


class CancelledError(UnbraidError):
    """The user cancelled the job, and it stopped between two segments."""


class LostClaimError(UnbraidError):
    """Another worker owns the job now; the result of this one must not be published."""
