"""Points in time as one says them: "just now", "yesterday", "Sunday", "12 Nov"."""

from datetime import datetime, timedelta

_JUST_NOW = timedelta(minutes=2)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def said(then: datetime, now: datetime) -> str:
    """Return when `then` was, seen from `now`. Both are aware; days are those of `now`'s time zone."""
    then = then.astimezone(now.tzinfo)
    passed = now - then
    if passed < _JUST_NOW:
        return "just now"
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} min ago"
    days = (now.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if days == 1:
        return "yesterday"
    if days < 7:
        return _DAYS[then.weekday()]
    date = f"{then.day} {_MONTHS[then.month - 1]}"
    return date if then.year == now.year else f"{date} {then.year}"
