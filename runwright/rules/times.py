"""Moments and durations as people read them."""

from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def lasting(duration: timedelta) -> str:
    """Return a duration in its two largest units: `350ms`, `4.2s`, `1m 5s`, `3d 2h`."""
    if duration < timedelta(seconds=1):
        return f"{max(0, duration // timedelta(milliseconds=1))}ms"
    if duration < timedelta(seconds=10):
        return f"{duration // timedelta(milliseconds=100) / 10:g}s"
    parts: list[str] = []
    for unit, size in _UNITS:
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count}{unit}")
        if parts and (len(parts) == 2 or not count):
            break
    return " ".join(parts[:2])


def moment(at: datetime, now: datetime) -> str:
    """Return a moment in the time zone of `now`: `12:03:01 CET`, with the date on another day."""
    local = at.astimezone(now.tzinfo)
    form = "%H:%M:%S %Z" if local.date() == now.date() else "%Y-%m-%d %H:%M:%S %Z"
    return local.strftime(form)
