"""Durations as text: lengths of tracks, playback positions, time left and delays."""

from math import ceil

from desktop.text.message import tr, tr_count

UNKNOWN_DURATION = "–"


def format_duration(seconds: float) -> str:
    """Return `seconds` as "4:12" or "1:58:40", rounded down, with hours only if there are any."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def format_duration_tenths(seconds: float) -> str:
    """Return `seconds` as "1:17.4", rounded down, so that it never shows a time that is not reached yet."""
    return format_duration_decimals(seconds, 1)


def format_duration_decimals(seconds: float, decimals: int) -> str:
    """Return `seconds` with `decimals` decimal places, rounded down: "1:17.4253"."""
    if not decimals:
        return format_duration(seconds)
    units_per_second = 10**decimals
    whole, fraction = divmod(int(max(0.0, seconds) * units_per_second + 1e-6), units_per_second)
    return f"{format_duration(whole)}.{fraction:0{decimals}d}"


def describe_duration(seconds: float) -> str:
    """Return `seconds` in words for a screen reader: "1 minute 17 seconds"."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    parts = [
        tr_count("{count} hour", "{count} hours", hours) if hours else "",
        tr_count("{count} minute", "{count} minutes", minute) if minute else "",
        tr_count("{count} second", "{count} seconds", second) if second or not (hours or minute) else "",
    ]
    return " ".join(filter(None, parts))


def format_time_left(seconds: float | None) -> str:
    """Return "about 4:12 left"; empty if `seconds` is unknown or below 1."""
    return tr("about {time} left", time=format_duration(seconds)) if seconds and seconds >= 1 else ""


def format_rough_time_left(seconds: float | None) -> str:
    """Return "about 6 min left"; empty if `seconds` is unknown.

    Minutes are rounded up: overestimate rather than underestimate.
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return tr("under a minute left")
    minutes = ceil(seconds / 60)
    if minutes < 100:
        return tr("about {minutes} min left", minutes=minutes)
    return tr("about {hours} h left", hours=round(minutes / 60))


def format_retry_delay(seconds: float) -> str:
    """Return "40 s" or "6 min", rounded up."""
    if seconds <= 90:
        return tr("{seconds} s", seconds=ceil(seconds))
    return tr("{minutes} min", minutes=ceil(seconds / 60))
