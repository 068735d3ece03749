"""Settings of the sound output: what the user's settings say, and the pairs of channels that lanes get."""

from desktop.playback.mix import CLICK_LANE, ORIGINAL_LANE
from desktop.playback.output_settings import DEFAULT_LATENCY_MS, OutputSettings
from desktop.settings import Settings

LANES = ("drums", "vocals", ORIGINAL_LANE, CLICK_LANE)


def test_settings_of_the_user_choose_device_latency_and_a_pair_for_each_kind_of_lane() -> None:
    settings = Settings(output_device="usb", latency_ms=80, stems_output=3, original_output=1, click_output=5)
    output = OutputSettings.of(settings)
    assert (output.device, output.latency_ms, output.channels(LANES)) == ("usb", 80, 6)
    assert output.lane_pairs(LANES, 6) == [1, 1, 0, 2]
    assert output.lane_pairs(LANES, 4) == [1, 1, 0, 0]


def test_defaults_of_the_user_are_those_of_playback() -> None:
    output, default = OutputSettings.of(Settings()), OutputSettings()
    assert (output.device, output.latency_ms) == (default.device, default.latency_ms)
    assert output.channels(LANES) == default.channels(LANES) == 2


def test_invalid_values_of_an_edited_file_are_replaced_by_defaults() -> None:
    output = OutputSettings.of(Settings(latency_ms=-5, stems_output=10**9))
    assert (output.latency_ms, output.first_channel) == (DEFAULT_LATENCY_MS, 1)
