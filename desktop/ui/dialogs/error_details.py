"""Why a song could not be separated: the sentence, the facts, and the end of the log."""

from PySide6.QtWidgets import QWidget

from desktop.audio.names import shown
from desktop.jobs.model import Job
from desktop.jobs.sentences import attempt_words
from desktop.log import log_file
from desktop.paths import Home
from desktop.ui.dialogs.log_tail import log_tail
from desktop.ui.dialogs.sheet import Sheet
from desktop.ui.player.sentences import model_title


class ErrorDetails(Sheet):
    """All that is known about one failure."""

    def __init__(self, job: Job, home: Home, parent: QWidget | None = None) -> None:
        heading = f"{shown(job.title)} {'was not separated again' if job.last_attempt else 'could not be separated'}"
        sentence = attempt_words(job) or job.error or "The reason is not known. The log below may tell."
        super().__init__(heading, sentence, _body(job, home), parent)
        self.add_folder_button("Open log folder", home.logs)


def _body(job: Job, home: Home) -> str:
    log = log_file(home, "worker")
    facts = {
        "Song": shown(job.source, 500),
        "Model": model_title(job),
        "Stage": job.stage.value if job.stage else "",
        "Added": f"{job.added.astimezone():%Y-%m-%d %H:%M:%S}",
        "Separated" if job.stems else "Failed": f"{job.ended.astimezone():%Y-%m-%d %H:%M:%S}" if job.ended else "",
        "Job": job.id,
        "Log": str(log) if log.exists() else "",  # that of a worker from a shell is elsewhere
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    return "\n".join([*lines, "", log_tail(log, job.id)])
