"""Relative times for users: "just now", "yesterday", "Sunday", "12 Nov"."""

from datetime import datetime, timedelta

from desktop.text.message import Message, tr

_JUST_NOW_LIMIT = timedelta(minutes=2)
_WEEKDAY_NAMES = (
    Message("Monday"),
    Message("Tuesday"),
    Message("Wednesday"),
    Message("Thursday"),
    Message("Friday"),
    Message("Saturday"),
    Message("Sunday"),
)
_MONTH_NAMES = (
    Message("Jan"),
    Message("Feb"),
    Message("Mar"),
    Message("Apr"),
    Message("May"),
    Message("Jun"),
    Message("Jul"),
    Message("Aug"),
    Message("Sep"),
    Message("Oct"),
    Message("Nov"),
    Message("Dec"),
)


def format_relative_time(then: datetime, now: datetime) -> str:
    """Return the time `then` relative to `now`; both are timezone-aware, and days follow the time zone of `now`."""
    then = then.astimezone(now.tzinfo)
    elapsed = now - then
    if elapsed < _JUST_NOW_LIMIT:
        return tr("just now")
    if elapsed < timedelta(hours=1):
        return tr("{minutes} min ago", minutes=int(elapsed.total_seconds() // 60))
    days = (now.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if days == 1:
        return tr("yesterday")
    if days < 7:
        return str(_WEEKDAY_NAMES[then.weekday()])
    month = _MONTH_NAMES[then.month - 1]
    if then.year == now.year:
        return tr("{day} {month}", day=then.day, month=month)
    return tr("{day} {month} {year}", day=then.day, month=month, year=then.year)
