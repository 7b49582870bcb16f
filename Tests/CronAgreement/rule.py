"""Debian's rule for changes of the clock, said in the plainest way: every minute is looked at.

It judges who is right where implementations disagree about a day on which clocks change. What the fields of an
expression stand for is taken from cronsim, so that nothing here is of the implementation that is tested.
"""

import calendar
import re
from bisect import bisect_right
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cronsim import CronSim
from cronsim.cronsim import SYMBOLIC_DAYS, SYMBOLIC_MONTHS

UTC = timezone.utc


class Zone:
    """A zone and its changes of the clock."""

    def __init__(self, name, changes):
        self.rules = ZoneInfo(name)
        self.changes = changes

    def wall(self, instant):
        """What clocks show, without a zone."""
        return instant.astimezone(self.rules).replace(tzinfo=None)

    def instant(self, wall):
        """The first instant at which clocks show this; for times that are skipped, that of the change."""
        instant = wall.replace(tzinfo=self.rules, fold=0).astimezone(UTC)
        if self.wall(instant) == wall:
            return instant
        # Python reads a skipped time with the offset before the change, and so comes out after it.
        return self.changes[bisect_right(self.changes, instant) - 1]

    def is_second(self, instant):
        """Whether clocks showed this time once before."""
        return instant.astimezone(self.rules).fold == 1

    def changes_between(self, first, last):
        return bisect_right(self.changes, last) > bisect_right(self.changes, first)


class Fields(CronSim):
    """What the fields of an expression stand for: as cronsim reads them, and the weekday nearest to a day, 15W."""

    def __init__(self, expression):
        minute, hour = expression.split()[-5:-3]
        # Follows the elapsed time and not the clock on the wall.
        self.is_wildcard = minute.startswith("*") or hour.startswith("*")
        self.nearest = [int(day) for day in re.findall(r"(\d+)W", expression)]
        # cronsim reads 5-5/2 as 5/2, and knows no "?".
        plain = one_value(re.sub(r"\d+W", "1", expression).replace("?", "*"))
        super().__init__(plain, datetime(2020, 1, 1))

    def match_dom(self, day):
        if not self.nearest:
            return super().match_dom(day)
        return any(day == nearest_weekday(day.year, day.month, wanted) for wanted in self.nearest)

    def fit(self, wall):
        """Whether a clock that shows this makes the expression due within the minute."""
        return (
            wall.minute in self.minutes and wall.hour in self.hours and wall.month in self.months
            and self.match_day(wall.date()))


def one_value(expression):
    """`5-5` and `FRI-FRI/3` as `5` and `FRI`."""
    def plain(match):
        return match.group(1) if number(match.group(1)) == number(match.group(2)) else match.group(0)

    return re.sub(r"(\w+)-(\w+)(?:/\d+)?", plain, expression)


def number(text):
    for first, table in (1, SYMBOLIC_MONTHS), (0, SYMBOLIC_DAYS):
        if text in table:
            return table.index(text) + first
    return int(text)


def nearest_weekday(year, month, day):
    last = calendar.monthrange(year, month)[1]
    if day > last:
        return None
    weekdays = [date(year, month, number) for number in range(1, last + 1)
                if date(year, month, number).weekday() < 5]
    return min(weekdays, key=lambda weekday: abs(weekday.day - day))


def due(expression, zone, after, days=400):
    """The first due instant later than `after`; None when there is none in so many days."""
    fields = Fields(expression)
    if fields.is_wildcard:
        return _elapsed(fields, zone, after, days)
    return _on_the_wall(fields, zone, after, days)


def _elapsed(fields, zone, after, days):
    minute = after.replace(second=0)
    for _ in range(days * 1440):
        wall = zone.wall(minute)
        if fields.fit(wall):
            for second in sorted(fields.seconds):
                if (instant := minute + timedelta(seconds=second)) > after:
                    return instant
        minute += timedelta(minutes=1)


def _on_the_wall(fields, zone, after, days):
    start = zone.wall(after).replace(hour=0, minute=0, second=0) - timedelta(days=1)
    for day in range(days):
        midnight = start + timedelta(days=day)
        if midnight.month not in fields.months or not fields.match_day(midnight.date()):
            continue
        for hour in sorted(fields.hours):
            for minute in sorted(fields.minutes):
                for second in sorted(fields.seconds):
                    instant = zone.instant(midnight + timedelta(hours=hour, minutes=minute, seconds=second))
                    if instant > after:
                        return instant

