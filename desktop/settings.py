"""The user's saved settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated

from desktop.audio_formats import AUDIO_FORMATS
from desktop.setting_spec import Choice, Group, Need, Range, Row, collect_settings
from desktop.text.message import Message, count_message, verbatim

DEFAULT_MODEL = "htdemucs"
SKETCH_MODEL = "sketch"
"""Name of the built-in model, which makes drafts."""
READY_STEMS_MODEL = "ready-made"
"""Stands for a model where a song was opened with stems that another program separated."""
RUNTIMES = ("auto", "torch", "openvino", "cuda", "mps")
"""Runtimes that can compute a model, as settings and `UNBRAID_RUNTIME` name them."""


def _describe_passes(number: float) -> Message:
    return count_message("{count} pass", "{count} passes", int(number))


def _describe_fraction(fraction: float) -> Message:
    percent = f"{fraction:.0%}".removesuffix("%")
    return Message("{percent} %", percent=percent)


def _describe_milliseconds(number: float) -> Message:
    milliseconds = f"{number:g}"
    return Message("{number} ms", number=milliseconds)


def _describe_channels(first: float) -> Message:
    """Return the label of a stereo pair, by its first channel."""
    pair = f"{int(first)}–{int(first) + 1}"
    return verbatim(pair)


_PAIR_RANGE = Range(1, 63, _describe_channels)
"""First channels of stereo pairs, of as many channels as the largest interfaces have."""


@dataclass(frozen=True)
class Settings:
    """The user's saved choices. A field with a `Row` is in the settings dialog, in this order."""

    model: str = DEFAULT_MODEL
    draft: Annotated[
        bool,
        Row(
            Group.SEPARATION,
            Message("&Draft while you wait"),
            Message("Hear a rough version of every stem within seconds, while the model works on the real one."),
        ),
    ] = True
    """Make a draft of a new track with Sketch before the model separates it."""
    awake: Annotated[
        bool,
        Row(
            Group.SEPARATION,
            Message("&Keep the computer awake"),
            Message("It does not go to sleep by itself before the songs are done."),
        ),
    ] = True
    """Keep the computer from sleeping while a job is processed."""
    quit: Annotated[
        str,
        Row(
            Group.SEPARATION,
            Message("If songs are still being separated when I &quit"),
            Message("Your progress is saved either way."),
            (
                Choice("ask", Message("Ask")),
                Choice("background", Message("Finish in the background"), Need.TRAY),
                Choice("stop", Message("Quit and resume later")),
            ),
        ),
    ] = "ask"
    """What happens to processing jobs when the window is closed."""
    output_device: Annotated[
        str,
        Row(
            Group.PLAYBACK,
            Message("Sound de&vice"),
            Message("While it is not connected, songs play on the system's default."),
            (Choice("", Message("System default")),),
            has_more_choices=True,
        ),
    ] = ""
    """Name of the output device as the system lists it; empty for the system's default."""
    latency_ms: Annotated[
        int,
        Range(5, 1000, _describe_milliseconds),
        Row(
            Group.PLAYBACK,
            Message("La&tency"),
            Message("The shorter, the sooner you hear a change. If the sound crackles, choose a longer one."),
            tuple(Choice(number, _describe_milliseconds(number)) for number in (20, 40, 80, 160)),
        ),
    ] = 80
    """Requested output latency in milliseconds."""
    stems_output: Annotated[
        int,
        _PAIR_RANGE,
        Row(
            Group.PLAYBACK,
            Message("Output &for the stems"),
            Message("Channels of the sound device."),
            (Choice(1, _describe_channels(1)),),
            has_more_choices=True,
        ),
    ] = 1
    """First channel of the stereo pair that plays the stems."""
    original_output: Annotated[
        int,
        _PAIR_RANGE,
        Row(
            Group.PLAYBACK,
            Message("Output for the ori&ginal"),
            Message("Channels that play the original song."),
            (Choice(1, _describe_channels(1)),),
            has_more_choices=True,
        ),
    ] = 1
    """First channel of the stereo pair that plays the original lane."""
    click_output: Annotated[
        int,
        _PAIR_RANGE,
        Row(
            Group.PLAYBACK,
            Message("Output for the &click"),
            Message("Channels that play the click and the count-in."),
            (Choice(1, _describe_channels(1)),),
            has_more_choices=True,
        ),
    ] = 1
    """First channel of the stereo pair that plays the click lane."""
    screen_awake: Annotated[
        bool,
        Row(
            Group.PLAYBACK,
            Message("Keep the screen on w&hile playing"),
            Message(
                "It does not turn off or lock by itself, so that you can read along with an instrument in your hands."
            ),
        ),
    ] = True
    """Keep the screen from turning off while a song plays."""
    media_keys: Annotated[
        bool,
        Row(
            Group.PLAYBACK,
            Message("Med&ia keys"),
            Message("The desktop shows the song, and keyboards and headphones control it in every window."),
            needs=Need.MEDIA_KEYS,
        ),
    ] = True
    """Offer the player to the desktop, which passes on the media keys."""
    export_format: Annotated[
        str,
        Row(
            Group.EXPORT,
            Message("&Export format"),
            Message(
                "WAV, FLAC and Apple Lossless keep every sample of the stems. Files of the other formats are smaller."
            ),
            tuple(Choice(name, verbatim(audio_format.title)) for name, audio_format in AUDIO_FORMATS.items()),
        ),
    ] = "wav"
    """Name of an audio format."""
    auto_export: Annotated[
        bool,
        Row(
            Group.EXPORT,
            Message("Export ne&w songs automatically"),
            Message("Every song is exported by itself when it is finished, also while the window is closed."),
        ),
    ] = False
    """Export each song when the model has separated it."""
    auto_export_folder: Annotated[
        str,
        Row(
            Group.EXPORT,
            Message("E&xport folder"),
            Message("Existing files are never overwritten."),
            is_folder=True,
        ),
    ] = ""
    """The folder of automatic exports; empty for `Unbraid` in the user's music folder."""
    auto_export_preset: Annotated[
        str,
        Row(
            Group.EXPORT,
            Message("What will &be exported"),
            Message("A preset of the export dialog, also one that you have saved there."),
            (Choice("all", Message("All stems")),),
            has_more_choices=True,
        ),
    ] = "all"
    """Preset of automatic exports: the key of a built-in one, or `saved:` and the name that the user gave it."""
    runtime: Annotated[
        str,
        Row(
            Group.QUALITY,
            Message("R&un on"),
            Message("Automatic uses the fastest option on this computer."),
            (
                Choice("auto", Message("Automatic (recommended)")),
                Choice("openvino", Message("Processor (OpenVINO)"), Need.OPENVINO),
                Choice("torch", Message("Processor (PyTorch)")),
                Choice("cuda", Message("NVIDIA GPU"), Need.NVIDIA),
                Choice("mps", Message("Apple GPU"), Need.APPLE),
            ),
        ),
    ] = "auto"
    """One of `RUNTIMES`."""
    fast: Annotated[
        bool,
        Row(
            Group.QUALITY,
            Message("Half &precision (faster)"),
            Message("Computes with 16-bit numbers if this computer can. The difference is usually inaudible."),
        ),
    ] = False
    """Compute in 16-bit floats where this machine can: faster, with errors of about a thousandth."""
    shifts: Annotated[
        int,
        Range(0, 20, _describe_passes),  # more passes would take too long
        Row(
            Group.QUALITY,
            Message("Careful &separation"),
            Message(
                "Separates the song several times, slightly shifted, and averages the results. 2 passes take twice as long."
            ),
            (Choice(0, Message("Off")), *(Choice(number, _describe_passes(number)) for number in (2, 5, 10))),
        ),
    ] = 0
    """Number of time-shifted passes that are averaged; 0 separates the track once, unshifted."""
    overlap: Annotated[
        float,
        Range(0.0, 0.9, _describe_fraction),
        Row(
            Group.QUALITY,
            Message("&Overlap"),
            Message(
                "A song is separated in pieces. The more they overlap, the smoother the joins, but the longer it takes."
            ),
            (
                Choice(0.1, Message("Short, 10 %")),
                Choice(0.25, Message("Standard, 25 %")),
                Choice(0.5, Message("Long, 50 %")),
            ),
        ),
    ] = 0.25
    """Fraction of a segment that it shares with the next one."""
    updates: Annotated[
        bool,
        Row(
            Group.APP,
            Message("Check for &new versions"),
            Message(
                "Unbraid asks about once a day and sends nothing but that request. While this is off, it never asks."
            ),
            needs=Need.UPDATE_FEED,
        ),
    ] = False
    """Check for a newer version once a day."""
    output_device_title: str = ""
    """Name of the output device for the user, for when it is not connected."""
    lyrics: bool = True
    """Show the lyrics of songs that have some beside their lanes."""
    master_db: float = 0.0
    """Master level of the player in dB."""
    limiter: bool = False
    """Have the limiter of the player's master on."""
    folder: str = ""
    """The folder that tracks were last added from."""
    export_folder: str = ""
    """The folder that stems were last exported to."""
    export_presets: str = ""
    """Presets of exports that the user saved, as JSON."""
    window: str = ""
    """Geometry of the window as saved by Qt, in Base64."""
    splitter: str = ""
    """State of the splitter between library and player as saved by Qt, in Base64."""


SETTINGS = collect_settings(Settings)
"""The specification of every setting, by key."""


def settings_from_fields(saved: Mapping[str, object]) -> Settings:
    """Return settings with the values of a settings file, and the default for each that has the wrong type."""
    values = {key: saved[key] for key, setting in SETTINGS.items() if key in saved and setting.has_type(saved[key])}
    return replace(Settings(), **values)


def valid_settings(settings: Settings) -> Settings:
    """Return the settings with the default for each value that is out of range or not among its choices."""
    values = asdict(settings)
    invalid = [setting for setting in SETTINGS.values() if not setting.is_valid(values[setting.key])]
    return replace(settings, **{setting.key: setting.default for setting in invalid})
