"""Relative times for users: "just now", "yesterday", "Sunday", "12 Nov"."""

from datetime import datetime, timedelta

_JUST_NOW_LIMIT = timedelta(minutes=2)
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_relative_time(then: datetime, now: datetime) -> str:
    """Return the time `then` relative to `now`; both are timezone-aware, and days follow the time zone of `now`."""
    then = then.astimezone(now.tzinfo)
    elapsed = now - then
    if elapsed < _JUST_NOW_LIMIT:
        return "just now"
    if elapsed < timedelta(hours=1):
        return f"{int(elapsed.total_seconds() // 60)} min ago"
    days = (now.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if days == 1:
        return "yesterday"
    if days < 7:
        return _WEEKDAY_NAMES[then.weekday()]
    date = f"{then.day} {_MONTH_NAMES[then.month - 1]}"
    return date if then.year == now.year else f"{date} {then.year}"
