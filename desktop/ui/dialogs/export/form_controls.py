"""Controls for the form of exported files: bit depth and sample rate, as the song has them or as asked."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.audio_formats import AudioFormat
from desktop.export.settings import ExportSettings
from desktop.setting_spec import Choice
from desktop.text.message import Message, tr
from desktop.ui.dialogs.export.plan import StemFacts, song_depth
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.widgets.drop_down import DropDown
from desktop.ui.widgets.segmented_control import Segment, SegmentedControl

_SAMPLE_RATES = (44100, 48000, 88200, 96000)
_AS_THE_SONG = 0
"""Value of the choice that keeps the sample rate."""
_DEPTH_TEXTS = {"32f": Message("32 float")}


class DepthControl(QWidget):
    """Segmented control of the depths of a format, which is made again when they change."""

    depth_selected = Signal(object)
    """The depth that the user chose; None for that of the song."""

    def __init__(self) -> None:
        super().__init__()
        self._segments: Sequence[Segment] = ()
        self.control: SegmentedControl | None = None
        """None before the first depths are shown."""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addStretch(1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # for the label; the chosen segment takes the focus

    def show_depth(
        self,
        songs: Sequence[ExportSong],
        facts: Mapping[str, StemFacts],
        audio_format: AudioFormat,
        depth: str | None,
    ) -> None:
        """Show the depths of `audio_format`, and that `depth` is chosen."""
        found = {song_depth(song, facts, audio_format) for song in songs}
        known = next(iter(found)) if len(found) == 1 else None
        as_song = tr("As the song · {depth}", depth=_depth_text(known)) if known else tr("As the song")
        offered = [each for each in audio_format.depths if each == depth or each != known]
        segments = [Segment(None, as_song), *(Segment(each, _depth_text(each)) for each in offered)]
        if segments != self._segments:
            self._segments = segments
            self._replace_control(segments)
        if self.control is not None:
            self.control.show_value(depth)

    def _replace_control(self, segments: Sequence[Segment]) -> None:
        old, self.control = self.control, SegmentedControl(tr("Depth"), segments)
        self.control.value_selected.connect(self.depth_selected)
        had_focus = old is not None and old.hasFocus()
        self._row.insertWidget(0, self.control)
        self.control.show()  # the layout would show it later, and until then no key could focus it
        self.setFocusProxy(self.control)
        if had_focus:
            self.control.setFocus(Qt.FocusReason.OtherFocusReason)
        if old is not None:
            old.hide()
            old.setParent(None)
            old.deleteLater()


def show_sample_rates(
    control: DropDown, songs: Sequence[ExportSong], audio_format: AudioFormat, settings: ExportSettings
) -> None:
    """Show the sample rates that the format holds, and the one in `settings`."""
    rates = {audio_format.nearest_rate(song.sample_rate) for song in songs}
    as_song = (
        Message("As the song · {rate}", rate=_rate_text(min(rates))) if len(rates) == 1 else Message("As each song")
    )
    offered = {rate for rate in _SAMPLE_RATES if rate in audio_format.sample_rates}
    if settings.sample_rate is not None:
        offered.add(settings.sample_rate)  # of a preset
    choices = [Choice(_AS_THE_SONG, as_song), *(Choice(rate, _rate_text(rate)) for rate in sorted(offered))]
    control.set_choices(choices, settings.sample_rate or _AS_THE_SONG, _AS_THE_SONG)


def sample_rate_of(value: object) -> int | None:
    """Return the sample rate in Hz that the value of a choice means; None for that of the song."""
    return value if isinstance(value, int) and value != _AS_THE_SONG else None


def _depth_text(depth: str) -> str:
    return str(_DEPTH_TEXTS.get(depth, depth))


def _rate_text(rate: int) -> Message:
    number = f"{rate:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return Message("{rate} Hz", rate=number)
