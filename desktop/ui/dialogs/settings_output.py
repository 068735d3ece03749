"""Sound output in the settings dialog: which devices and stereo pairs it offers, and the test tone."""

from collections.abc import Callable, Sequence
from threading import Event

from PySide6.QtCore import QObject, Signal

from desktop.audio.names import printable
from desktop.errors import UnbraidError
from desktop.playback.output_settings import OutputSettings
from desktop.playback.sound_server import OutputDevice
from desktop.setting_spec import Choice
from desktop.settings import SETTINGS, Settings
from desktop.text.message import Message, tr, verbatim
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.widgets.button import PushButton

DEVICE_KEY = "output_device"
DEVICE_TITLE_KEY = "output_device_title"
PAIR_KEYS = ("stems_output", "original_output", "click_output")
"""Settings of the stereo pairs, which only a device of more than two channels has."""
DEVICE_WIDTH = 340
"""Width of the list of devices in pixels."""
_MAX_TITLE_LENGTH, _MAX_MISSING_TITLE_LENGTH = 40, 24
"""Characters that fit in the list, and those that fit in front of “(not connected)”."""


class OutputChoices(QObject):
    """Choices of the settings of the output, from the devices that are connected."""

    changed = Signal()
    """The list of devices has been read."""

    def __init__(self, list_devices: Callable[[], Sequence[OutputDevice]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._list_devices = list_devices
        self._devices: Sequence[OutputDevice] = ()
        self._has_list = False
        self._background = BackgroundRunner("devices", self)

    def refresh(self) -> None:
        """Read the list of devices in the background; a sound server may not respond for long."""
        self._background.run_detached(self._list_devices, self._store)

    def more_choices(self, key: str, settings: Settings) -> list[Choice]:
        """Return the choices of the setting `key` that depend on the devices."""
        if key == DEVICE_KEY:
            return self._device_choices(settings.output_device, settings.output_device_title)
        if key in PAIR_KEYS:
            pair_range = SETTINGS[key].range
            assert pair_range is not None
            pairs = range(3, self._channels(settings), 2)
            return [Choice(first, pair_range.describe(first)) for first in pairs]
        return []

    def is_shown(self, key: str, settings: Settings) -> bool:
        """Return whether the setting `key` has an effect: a stereo pair only if there is, or was, more than one."""
        if key not in PAIR_KEYS:
            return True
        return self._channels(settings) > 2 or any(getattr(settings, pair) != 1 for pair in PAIR_KEYS)

    def title(self, name: str) -> str:
        """Return the title of a connected device; empty for any other name."""
        return next((device.title for device in self._devices if device.name == name), "")

    def _device_choices(self, chosen: str, title: str) -> list[Choice]:
        choices = [Choice(device.name, _title(device.title)) for device in self._devices]
        if chosen and all(device.name != chosen for device in self._devices):
            # Before the list was read, nobody knows.
            text = _title(title or chosen, _MAX_MISSING_TITLE_LENGTH)
            choices.append(Choice(chosen, Message("{device} (not connected)", device=text) if self._has_list else text))
        return choices

    def _channels(self, settings: Settings) -> int:
        """Return the number of channels of the chosen device; 2 for the system's default, which may change."""
        return next((device.channels for device in self._devices if device.name == settings.output_device), 2)

    def _store(self, devices: Sequence[OutputDevice]) -> None:
        self._devices, self._has_list = devices, True
        self.changed.emit()


class ToneButton(PushButton):
    """Button that plays the test tone on the chosen device, and stops it."""

    failed = Signal(str)
    """Why the tone could not be played; empty when it is played."""

    def __init__(self, play: Callable[[OutputSettings, Event], None], settings: Callable[[], Settings]) -> None:
        super().__init__(tr("Pla&y test tone"))
        self._play = play
        self._settings = settings
        self._stop: Event | None = None
        self._background = BackgroundRunner("tone", self)
        self.clicked.connect(self._toggle)

    @property
    def is_playing(self) -> bool:
        """Whether the tone plays, or is about to."""
        return self._stop is not None

    def stop(self) -> None:
        """Stop the tone, if it plays."""
        if self._stop is not None:
            self._stop.set()

    def _toggle(self) -> None:
        if self._stop is not None:
            self._stop.set()
            return
        stop = self._stop = Event()
        output = OutputSettings.of(self._settings())
        self._show_playing()
        self.failed.emit("")
        self._background.run_detached(lambda: self._play(output, stop), lambda _: self._end(), self._fail)

    def _fail(self, error: UnbraidError) -> None:
        self._end()
        self.failed.emit(str(error))

    def _end(self) -> None:
        self._stop = None
        self._show_playing()

    def _show_playing(self) -> None:
        text = tr("Stop test tone") if self.is_playing else tr("Pla&y test tone")
        self.setText(text)
        self.setAccessibleName(text.replace("&", ""))


def list_outputs() -> Sequence[OutputDevice]:
    """Return the output devices that are connected."""
    # Imported on first use: the window's first paint does not need the audio modules.
    from desktop.playback.device import list_output_devices

    return list_output_devices()


def play_tone(settings: OutputSettings, stop: Event) -> None:
    """Play the test tone until its end or until `stop`. Raises SoundUnavailableError."""
    from desktop.playback.tone import play_test_tone

    play_test_tone(settings, stop)


def _title(title: str, max_length: int = _MAX_TITLE_LENGTH) -> Message:
    return verbatim(printable(title, max_length))
