"""Texts that the API's document names by a format: how to make such as are taken."""

import datetime

import schemathesis
from hypothesis import strategies as st

UNITS = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]


def span(seconds):
    """Seconds as `1h30m`."""
    text = ""
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


# Within the bounds of all fields that take a length of time: a schema cannot say them of a text.
schemathesis.openapi.format("span", st.integers(min_value=1, max_value=600).map(span))
schemathesis.openapi.format(
    "date-time",
    st.datetimes(min_value=datetime.datetime(1700, 1, 1), max_value=datetime.datetime(2200, 1, 1)).map(
        lambda time: time.isoformat() + "Z"
    ),
)
schemathesis.openapi.format(
    "cron", st.sampled_from(["*/5 * * * *", "25 2 * * MON-FRI", "0 0 L * *", "@daily", "30 0 9 4,19 * *"])
)
schemathesis.openapi.format("time-zone", st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]))
schemathesis.openapi.format("http-url", st.sampled_from(["http://127.0.0.1:9/", "https://example.org/a?b=c"]))
schemathesis.openapi.format("header-name", st.sampled_from(["Accept", "X-Trace", "Content-Type"]))
schemathesis.openapi.format(
    "status-range",
    st.tuples(st.integers(100, 599), st.integers(100, 599)).map(lambda ends: f"{min(ends)}-{max(ends)}"),
)
schemathesis.openapi.format("instant", st.sampled_from(["2026-03-29T01:30:00Z", "2026-03-29T03:30"]))
