"""Top bar of the window: tabs of the pages, search, buttons that add tracks, batch progress, model and settings."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QActionGroup, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget

from desktop.models.store import Model
from desktop.models.titles import find_model_title
from desktop.settings import SKETCH_MODEL
from desktop.text.message import tr
from desktop.ui.app.page_stack import Page, PageTabs
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.library.queue_estimate import BatchProgress, format_batch
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import TITLE_SIZE, ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PushButton, create_icon_button
from desktop.ui.widgets.label import ElidedLabel
from desktop.ui.widgets.logo import Logo
from desktop.ui.widgets.progress_bar import ProgressBar
from desktop.ui.widgets.search_field import SearchField
from desktop.ui.widgets.text_escaping import escape_menu_text

_WIDE_LAYOUT_MIN_WIDTH = 1240
"""Width in pixels from which the wide progress bar and the remaining time fit."""
_WIDE_BAR_WIDTH, _NARROW_BAR_WIDTH = 140, 56


@accessible_role(QAccessible.Role.ToolBar)
class TopBar(QWidget):
    """Tabs, search field, add buttons, batch progress with a pause button, model selection and settings button."""

    add_requested = Signal()
    add_folder_requested = Signal()
    open_stems_requested = Signal()
    search_requested = Signal(str)
    model_selected = Signal(str)
    pause_requested = Signal(bool)
    """Emitted with True to pause the queue and False to resume it."""
    settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Main"))
        self.setFixedHeight(metrics.TOP_BAR_HEIGHT)
        self.tabs = PageTabs()
        self.search_field = SearchField()
        self.search_field.search_requested.connect(self.search_requested)
        self.search_field.setToolTip(ACTIONS[ActionId.SEARCH].tooltip())
        add = ACTIONS[ActionId.ADD_SONGS]
        self.add_button = PushButton(add.text, "primary", add.icon)
        self.add_button.setToolTip(add.tooltip(tr("Choose songs to separate")))
        self.add_button.clicked.connect(self.add_requested)
        add_folder = ACTIONS[ActionId.ADD_FOLDER]
        self.add_folder_button = create_icon_button(
            add_folder.icon, add_folder.text, add_folder.tooltip(tr("Add all songs of a folder")), "plain"
        )
        self.add_folder_button.clicked.connect(self.add_folder_requested)
        open_stems = ACTIONS[ActionId.OPEN_STEMS]
        self.open_stems_button = create_icon_button(
            open_stems.icon, open_stems.text, open_stems.tooltip(tr("Open stems of another program as a song")), "plain"
        )
        self.open_stems_button.clicked.connect(self.open_stems_requested)
        self._status_label, self._time_left_label = ElidedLabel(13, 400, Colour.DIM), ElidedLabel(13, 400, Colour.DIM)
        self._progress_bar = ProgressBar(tr("Songs separated"))
        self.pause_button = PushButton(tr("Pause"))
        self.pause_button.clicked.connect(self._request_pause)
        self._is_paused, self._has_songs, self._page = False, True, Page.LIBRARY
        self._batch: BatchProgress | None = None
        self.model_button = ModelButton()
        self.model_button.model_selected.connect(self.model_selected)
        settings = ACTIONS[ActionId.SETTINGS]
        self.settings_button = create_icon_button(settings.icon, settings.text, settings.tooltip(), "plain")
        self.settings_button.clicked.connect(self.settings_requested)
        self._build_layout()
        self.set_paused(False)

    def _build_layout(self) -> None:
        name = QLabel("Unbraid")
        name.setFont(ui_font(TITLE_SIZE, 700))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 1)
        row.setSpacing(12)
        row.addWidget(Logo())
        row.addSpacing(-4)
        row.addWidget(name)
        row.addWidget(self.tabs)
        row.addWidget(self.search_field, 1)
        row.addWidget(self.add_button)
        row.addSpacing(-4)
        row.addWidget(self.add_folder_button)
        row.addSpacing(-4)
        row.addWidget(self.open_stems_button)
        row.addStretch()
        for widget in (
            self._status_label,
            self._progress_bar,
            self._time_left_label,
            self.pause_button,
            self.model_button,
            self.settings_button,
        ):
            row.addWidget(widget)

    def show_page(self, page: Page) -> None:
        """Choose the tab of `page`; what only concerns new songs is not shown on the Player page."""
        self.tabs.show_page(page)
        self._page = page
        self._update_song_buttons()

    def set_add_buttons_visible(self, visible: bool) -> None:
        """Show or hide the add buttons; the empty state has larger ones, so they are hidden beside it."""
        self._has_songs = visible
        self.tabs.setEnabled(visible)
        self._update_song_buttons()

    def _update_song_buttons(self) -> None:
        is_library = self._page is Page.LIBRARY
        self.add_button.setVisible(self._has_songs)
        self.add_folder_button.setVisible(self._has_songs and is_library)
        self.open_stems_button.setVisible(self._has_songs and is_library)
        self.model_button.setVisible(self.model_button.has_models and is_library)

    def set_batch(self, batch: BatchProgress | None) -> None:
        """Show the progress of `batch`, or none if it is None."""
        self._batch = batch
        status, time_left = format_batch(batch, self._is_paused) if batch else ("", "")
        self.pause_button.setVisible(batch is not None or self._is_paused)
        self._status_label.show_text(status)
        self._time_left_label.show_text(time_left)
        self._status_label.setVisible(batch is not None)
        self._progress_bar.setVisible(batch is not None and (batch.is_running or batch.progress > 0))
        self._progress_bar.setFixedWidth(
            _WIDE_BAR_WIDTH if self.width() >= _WIDE_LAYOUT_MIN_WIDTH else _NARROW_BAR_WIDTH
        )
        self._time_left_label.setVisible(bool(time_left) and self.width() >= _WIDE_LAYOUT_MIN_WIDTH)
        if batch is not None:
            self._progress_bar.set_fraction(batch.progress)

    def set_paused(self, paused: bool) -> None:
        """Show whether the queue is paused, and set the pause button to the opposite action."""
        self._is_paused = paused
        self.pause_button.setText(tr("Resume") if paused else tr("Pause"))
        self.pause_button.setAccessibleName(tr("Resume the queue") if paused else tr("Pause the queue"))
        self.pause_button.setToolTip(
            ACTIONS[ActionId.PAUSE_OR_RESUME_QUEUE].tooltip(
                tr("Resume the queued songs") if paused else tr("Pause all songs. Finished parts are kept")
            )
        )
        self.set_batch(self._batch)

    def _request_pause(self) -> None:
        self.pause_requested.emit(not self._is_paused)

    def set_models(self, models: Sequence[Model], selected_name: str) -> None:
        """Set the models that the model button offers, with `selected_name` checked."""
        self.model_button.set_models(models, selected_name)
        self._update_song_buttons()

    def search_for(self, text: str) -> None:
        """Enter `text` into the search field and search without delay."""
        self.search_field.setText(text)
        self.search_field.search_now()

    def clear_search(self) -> None:
        """Clear the search without delay."""
        self.search_for("")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour(Colour.LINE))


class ModelButton(PushButton):
    """Button that shows the selected model and opens a menu of all models."""

    model_selected = Signal(str)
    """Emitted with the name of the chosen model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), icon_name="down", icon_colour=Colour.DIM, parent=parent)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the arrow after the text
        self._menu = QMenu(self)
        self._menu.setProperty("checks", "true")
        self._menu.setToolTipsVisible(True)
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setMenu(self._menu)
        self.has_models = False
        """Whether there are models to choose from."""
        self.hide()

    def set_models(self, models: Sequence[Model], selected_name: str) -> None:
        """Fill the menu with `models` and check the one named `selected_name`."""
        self._menu.clear()
        group = QActionGroup(self._menu)
        for model in models:
            action = self._menu.addAction(
                f"{escape_menu_text(str(find_model_title(model.name, model.title)))}\t{_availability_text(model)}"
            )
            action.setCheckable(True)
            action.setChecked(model.name == selected_name)
            action.triggered.connect(lambda _=False, name=model.name: self.model_selected.emit(name))
            group.addAction(action)
        title = next((model.title for model in models if model.name == selected_name), "")
        title = str(find_model_title(selected_name, title))
        self.setText(f"{escape_menu_text(title)} ")
        self.setAccessibleName(tr("Model for the next songs: {title}", title=title))
        self.setToolTip(tr("The model for the next songs"))
        self.has_models = bool(models)


def _availability_text(model: Model) -> str:
    if model.name == SKETCH_MODEL:
        return tr("instant, draft quality")
    if model.is_installed:
        return tr("on this computer")
    return tr("downloads {size:size} on first use", size=model.size_bytes)
