"""The lanes of the player in tests."""

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel


def show_job(qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job) -> None:
    """Show a song in the panel, and wait until it is loaded."""
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    QApplication.processEvents()
