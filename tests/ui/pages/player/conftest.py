"""Fixtures of the tests of the player: a session that plays in this process, and its controller."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.player_panel import show_job


@pytest.fixture
def session() -> Iterator[Session]:
    """Yield a session without a song. A module that needs another kind of session overrides this fixture."""
    created = Session(LocalEngine())
    yield created
    created.close()


@pytest.fixture
def controller(qtbot: QtBot, session: Session, tmp_path: Path) -> Iterator[PlayerController]:
    """Yield the controller of `session`, with the library in the folder `home`."""
    created = PlayerController(session, SongStateStore(Home(tmp_path / "home")))
    yield created
    created.close()


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, tmp_path: Path, job: Job) -> Iterator[PlayerPanel]:
    """Yield the panel in an active window, with the song `job` of the module loaded."""
    widget = PlayerPanel(controller, Home(tmp_path / "home").create_folders())
    qtbot.addWidget(widget)
    widget.resize(1168, 560)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    show_job(qtbot, widget, controller, job)
    yield widget
    widget.stop_reading()
