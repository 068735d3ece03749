"""Times as a musician reads them: minutes and seconds, hours only where there are any."""


def clock(seconds: float) -> str:
    """Return `seconds` as "4:12" or "1:58:40", cut down to whole seconds."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def clock_with_tenths(seconds: float) -> str:
    """Return `seconds` as "1:17.4", cut down, so that it never shows a time that is not reached."""
    return clock_with_decimals(seconds, 1)


def clock_with_decimals(seconds: float, decimals: int) -> str:
    """Return `seconds` with so many decimals, cut down: "1:17.4253"."""
    if not decimals:
        return clock(seconds)
    unit = 10**decimals
    whole, part = divmod(int(max(0.0, seconds) * unit + 1e-6), unit)
    return f"{clock(whole)}.{part:0{decimals}d}"


def spoken(seconds: float) -> str:
    """Return `seconds` in words for a screen reader: "1 minute 17 seconds"."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    parts = [_counted(hours, "hour"), _counted(minute, "minute"), _counted(second, "second")]
    return " ".join(part for part in parts if part) or "0 seconds"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
