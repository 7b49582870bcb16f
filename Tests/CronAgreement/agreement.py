"""Holds `switchyard cron next` against croniter and cronsim, two implementations that know nothing of it.

Where they disagree, the reason is one of a table, and is proved for the case at hand: a peer that reads a field
differently must agree once the field is written in a way on which all agree; and about days on which clocks change, our
answer must be that of rule.py, which looks at every minute. A disagreement without such a reason fails.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta

from croniter import CroniterBadDateError, croniter
from cronsim import CronSim, CronSimError

import rule
from questions import UTC, ZONES, Generator

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# The peer does not come back. Earlier than every answer, so that it is not taken for a late one.
HANGS = datetime(1, 1, 1, tzinfo=UTC)


# The peers ------------------------------------------------------------------------------------------

def ask_cronsim(expression, zone, after):
    expression = expression.replace("?", "*")
    try:
        return next(CronSim(expression, after.astimezone(zone.rules))).astimezone(UTC)
    except StopIteration:
        return NEVER
    except CronSimError:
        # It refuses a day that no month has. Had it refused more, our answer would not be "never".
        return NEVER


def ask_croniter(expression, zone, after):
    start = after.astimezone(zone.rules)
    try:
        # implement_cron_bug: a day must fit both fields when one *begins* with a star, as in Vixie's cron.
        peer = croniter(expression, start, second_at_beginning=True, implement_cron_bug=True)
        return peer.get_next(datetime).astimezone(UTC)
    except CroniterBadDateError:
        return NEVER


class Hangs(Exception):
    pass


def hangs(*_):
    raise Hangs


def patiently(ask):
    """The answer of a peer, or HANGS when it has not come after a second on the processor."""
    def asked(*question):
        signal.setitimer(signal.ITIMER_VIRTUAL, 1)
        try:
            return ask(*question)
        except Hangs:
            return HANGS
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    return asked


signal.signal(signal.SIGVTALRM, hangs)
PEERS = {"cronsim": patiently(ask_cronsim), "croniter": patiently(ask_croniter)}

# What a peer's manual does not know is not asked of it.
UNKNOWN = {
    "cronsim": re.compile(r"\d+W"),
    "croniter": re.compile(r"\bLW\b|\d+L"),
}


# The reasons ----------------------------------------------------------------------------------------

class Case:
    """A question, and two answers."""

    def __init__(self, peer, expression, zone, after, ours, theirs):
        self.peer, self.expression, self.zone, self.after = peer, expression, zone, after
        self.ours, self.theirs = ours, theirs
        self.fields = expression.split()

    @property
    def is_wildcard(self):
        return rule.Fields(self.expression).is_wildcard

    def peer_says(self, expression):
        return PEERS[self.peer](expression, self.zone, self.after)

    @property
    def is_about_a_change(self):
        """The clock is changed near the question or between it and an answer, and ours is what the rule says."""
        last = min(max(self.ours, self.theirs), self.after + timedelta(days=400))
        near = self.zone.changes_between(self.after - timedelta(hours=3), last + timedelta(hours=3))
        return near and rule.due(self.expression, self.zone, self.after) == self.ours

    def fits(self, instant):
        """Whether the clock on the wall shows a time that the expression names."""
        fields, wall = rule.Fields(self.expression), self.zone.wall(instant)
        return fields.fit(wall) and wall.second in fields.seconds


def range_of_one(case):
    plain = rule.one_value(case.expression)
    if plain != case.expression:
        return Case(case.peer, plain, case.zone, case.after, case.ours, case.peer_says(plain))


def either_day(case):
    if case.peer != "croniter" or not re.search(r"W|#", case.expression):
        return None
    day, month, weekday = case.fields[-3:]
    if any(field[0] in "*?" for field in (day, weekday)):
        return None
    time = " ".join(case.fields[:-3])
    answers = [case.peer_says(f"{time} {day} {month} *"), case.peer_says(f"{time} * {month} {weekday}")]
    return Case(case.peer, case.expression, case.zone, case.after, case.ours, min(answers))


# The same question, written so that the peer has to agree.
REWRITTEN = {
    "a range of one value, as 5-5 or 5-5/2: for us that value, as in cron(8); cronsim reads 5-5/2 as 5/2, croniter "
    "reads 5-5 as *": range_of_one,
    "either day where one is a W or #: croniter wants both; asked for each alone, the earlier is our answer": either_day,
}

# What a change of the clock brings out, where our answer is that of rule.py.
CHANGES = {
    "cronsim: walks in circles, where the clock is set back to the middle of an hour":
        lambda c: c.peer == "cronsim" and c.theirs == HANGS,
    "cronsim: answers a time that is not after the one asked for, when that lies in the repeated hour":
        lambda c: c.peer == "cronsim" and HANGS < c.theirs <= c.after,
    "cronsim: follows Debian's rule for five fields only; we do for six too":
        lambda c: c.peer == "cronsim" and len(c.fields) == 6 and not c.is_wildcard,
    "cronsim: answers a wildcard with a time of which the clock shows another, as midnight where there is none":
        lambda c: c.peer == "cronsim" and c.is_wildcard and not c.fits(c.theirs),
    "cronsim: steps over fitting times of a wildcard after a change, walking in whole hours from a time that is not":
        lambda c: c.peer == "cronsim" and c.is_wildcard and c.fits(c.ours) and c.ours < c.theirs,
    "croniter: passes over times of a wildcard that the repeated hour shows once more":
        lambda c: c.peer == "croniter" and c.is_wildcard and c.zone.is_second(c.ours) and c.ours < c.theirs,
    "croniter: fixed times of the repeated hour are due twice; for us once":
        lambda c: c.peer == "croniter" and not c.is_wildcard and c.zone.is_second(c.theirs),
    "croniter: fixed times that are skipped are left out, or come as far after the change as they were skipped; for us "
    "they are due at the change":
        lambda c: c.peer == "croniter" and not c.is_wildcard and c.ours in c.zone.changes and c.ours < c.theirs,
    "croniter: a skipped time of a wildcard is due after the change; for us, following the elapsed time, not at all":
        lambda c: c.peer == "croniter" and c.is_wildcard and not c.fits(c.theirs),
}


def reason(case):
    """Why this case is a disagreement; None when nobody knows."""
    first = None
    for name, rewrite in REWRITTEN.items():
        rewritten = rewrite(case)
        if rewritten is not None:
            first, case = first or name, rewritten
            if case.theirs == case.ours:
                return first
    for name, applies in CHANGES.items():
        if applies(case) and case.is_about_a_change:
            return name
    return None


# The run --------------------------------------------------------------------------------------------

def ask_us(program, questions):
    lines = "".join(
        json.dumps({"cron": expression, "zone": zone, "after": f"{after:%Y-%m-%dT%H:%M:%SZ}", "count": 1}) + "\n"
        for expression, zone, after in questions)
    output = subprocess.run([program, "cron", "next", "-"], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in output.stdout.splitlines()]
    assert len(answers) == len(questions), f"{len(questions)} questions, {len(answers)} answers"
    return answers


def instant(answer):
    times = answer["next"]
    return datetime.fromisoformat(times[0].replace("Z", "+00:00")) if times else NEVER


def shown(time):
    return {NEVER: "never", HANGS: "hangs"}.get(time) or f"{time:%Y-%m-%dT%H:%M:%SZ}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    generator = Generator(options.seed)
    zones = {name: rule.Zone(name, generator.changes[name]) for name in ZONES}
    questions = [generator.question() for _ in range(options.count)]
    counts, examples, unexplained = Counter(), {}, []
    agreed, asked, by_zone = Counter(), Counter(), defaultdict(int)
    for (expression, name, after), answer in zip(questions, ask_us(options.program, questions)):
        if "error" in answer:
            # The one thing that we refuse and they take: a step that is longer than the field.
            if re.search(r'"(\d+)", which is not in 1-7$', answer["error"]):
                counts["we refuse a step that leaves the field, as MON-FRI/9"] += 1
            else:
                unexplained.append((expression, name, after, answer["error"]))
            continue
        by_zone[name] += 1
        for peer, ask in PEERS.items():
            if UNKNOWN[peer].search(expression):
                counts[f"{peer} knows no {UNKNOWN[peer].pattern}"] += 1
                continue
            asked[peer] += 1
            mine, theirs = instant(answer), ask(expression, zones[name], after)
            if mine == theirs:
                agreed[peer] += 1
                continue
            case = Case(peer, expression, zones[name], after, mine, theirs)
            if why := reason(case):
                counts[why] += 1
                examples.setdefault(why, case)
            else:
                unexplained.append((peer, expression, name, f"{after}", f"ours {shown(case.ours)}", f"theirs {shown(case.theirs)}"))

    print(f"seed {options.seed}: {options.count} questions in {len(by_zone)} zones")
    for peer in PEERS:
        print(f"{peer}: asked {asked[peer]}, the same answer {agreed[peer]}")
    for why, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {why}")
        if case := examples.get(why):
            print(f"        {case.expression}  {case.zone.rules.key} after {shown(case.after)}: {shown(case.ours)}, not {shown(case.theirs)}")
    for case in unexplained[:40]:
        print("UNEXPLAINED", *case)
    print(f"{sum(agreed.values())} passed, {len(unexplained)} failed")
    enough = all(agreed[peer] > 0.8 * options.count for peer in PEERS)
    if not enough:
        print("too few questions on which both agree to prove anything")
    sys.exit(1 if unexplained or not enough else 0)


if __name__ == "__main__":
    main()
