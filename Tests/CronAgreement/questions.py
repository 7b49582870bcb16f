"""Generated questions: an expression, a zone, an instant, half of them about days on which clocks change."""

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc

# Every kind of change that the database holds for these years: an hour, half an hour, two hours; at midnight and at
# night; daylight time below the equator, and "winter time" that is the deviation (Dublin); a zone that gave its
# changes up, one that follows the moon, and two that never change.
ZONES = [
    "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca",
    "Europe/Dublin", "Antarctica/Troll", "Pacific/Chatham", "America/Havana", "Asia/Beirut",
    "America/Sao_Paulo", "Asia/Kathmandu", "UTC",
]

NAMES = {
    "month": "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(),
    "weekday": "SUN MON TUE WED THU FRI SAT".split(),
}


def changes(zone, years=range(2015, 2036)):
    """The instants in these years at which the zone's offset changes."""
    rules, found = ZoneInfo(zone), []
    instant = datetime(years[0], 1, 1, tzinfo=UTC)
    end = datetime(years[-1] + 1, 1, 1, tzinfo=UTC)
    while instant < end:
        later = instant + timedelta(days=5)
        if offset(rules, instant) != offset(rules, later):
            low, high = 0, 5 * 86_400
            while high - low > 1:
                middle = (low + high) // 2
                same = offset(rules, instant + timedelta(seconds=middle)) == offset(rules, instant)
                low, high = (middle, high) if same else (low, middle)
            found.append(instant + timedelta(seconds=high))
        instant = later
    return found


def offset(rules, instant):
    return instant.astimezone(rules).utcoffset()


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.changes = {zone: changes(zone) for zone in ZONES}

    def question(self):
        pick = self.random
        zone = pick.choice(ZONES)
        if self.changes[zone] and pick.random() < 0.6:
            change = pick.choice(self.changes[zone])
            after = change + timedelta(seconds=pick.choice([pick.randint(-100_000, 100_000), pick.randint(-9_000, 9_000)]))
            expression = self.near(change.astimezone(ZoneInfo(zone)))
        else:
            after = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=pick.randint(0, 20 * 366 * 86_400))
            expression = self.any()
        return expression, zone, after

    def any(self):
        """An expression of all kinds."""
        pick = self.random
        day = self.field(1, 31, special=["L", "LW", "?", "15W", "1W"])
        weekday = self.field(0, 7, "weekday", special=["5L", "MON#1", "FRI#3", "?", "MON-FRI", "SAT,SUN"])
        if day == "?" and weekday == "?":
            weekday = "*"
        fields = [
            self.field(0, 59), self.field(0, 23), day if pick.random() < 0.6 else "*",
            self.field(1, 12, "month") if pick.random() < 0.3 else "*", weekday if pick.random() < 0.5 else "*",
        ]
        if pick.random() < 0.25:
            fields.insert(0, self.field(0, 59))
        return " ".join(fields)

    def near(self, change):
        """An expression with times in the hours around a change of the clock."""
        pick = self.random
        around = [(change.hour + step) % 24 for step in (-2, -1, 0, 1)]
        minute = pick.choice([str(pick.randint(0, 59)), "0,30", "*/15", "*", "*/20", "5-50/15", "0", "59"])
        hour = pick.choice(
            [str(pick.choice(around)), "*", "*/2", f"{min(around)}-{max(around)}", ",".join(map(str, sorted(set(around))))])
        day = pick.choice(["*", "*", "*", str(change.day), "L", "*/2"])
        fields = [minute, hour, day, "*", pick.choice(["*", "*", "*", "SUN", "0-3"])]
        if pick.random() < 0.2:
            fields.insert(0, pick.choice(["0", "30", "*/30"]))
        return " ".join(fields)

    def field(self, low, high, names=None, special=()):
        pick = self.random

        def value(number):
            if names and pick.random() < 0.4:
                return NAMES[names][(number - 1) if names == "month" else number % 7]
            return str(number)

        kind = pick.randrange(8 if special else 6)
        first, last = sorted((pick.randint(low, high), pick.randint(low, high)))
        if names == "weekday" and last == 7:
            last = 6
            first = min(first, last)
        if kind in (0, 1):
            return "*"
        if kind == 2:
            return f"*/{pick.randint(1, high)}"
        if kind == 3:
            return value(pick.randint(low, high))
        if kind == 4:
            return f"{value(first)}-{value(last)}" + pick.choice(["", f"/{pick.randint(1, 9)}"])
        if kind == 5:
            return ",".join(str(number) for number in sorted({pick.randint(low, min(high, 59)) for _ in range(3)}))
        return pick.choice(special)
