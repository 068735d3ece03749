"""Durations as text: minutes and seconds, with hours only if there are any."""


def format_duration(seconds: float) -> str:
    """Return `seconds` as "4:12" or "1:58:40", rounded down to whole seconds."""
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
    parts = [_pluralize(hours, "hour"), _pluralize(minute, "minute"), _pluralize(second, "second")]
    return " ".join(part for part in parts if part) or "0 seconds"


def _pluralize(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
