"""The status in words for `ondine status`, and in numbers for machines."""

from dataclasses import dataclass

import numpy as np
from rich.text import Text

from device import board
from device.show.display import deadline_s, dropouts, latency_frames, latency_ms, rung_sentence
from device.status import BINS, FIELDS, TEXTS, Status
from device.words import printable

SILENT_S = 3.0
"""Longer than any block: a process that was not heard from for so long has died or hangs."""
START_S = 10.0
"""Longer than any start."""

WAITING = "waiting for a sound card"
"""It lives, and has made no block yet."""

CELLS = 40
"""Of the picture of the loads, five percent of the deadline each."""
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Board:
    """What the board tells of itself; see `device.board`."""

    temperature_c: float | None = None
    throttling: board.Throttling | None = None


def read_board() -> Board:
    """The board that this runs on, now."""
    return Board(board.temperature_c(), board.throttling(ask=board.ask_vcgencmd))


def state(status: Status, now_s: float) -> str:
    """Whether it plays; `now_s` is the monotonic clock."""
    speed = status["speed"] or 1.0
    heard_s = now_s - status["heartbeat_s"] / speed
    if status["stopped"]:
        return "stopped"
    if status["blocks"] == 0:
        slow = now_s - status["started_s"] > START_S
        if slow and heard_s <= SILENT_S:
            return WAITING
        return "did not come to play: the audio process has died or hangs" if slow else "starting"
    if heard_s > SILENT_S:
        return f"no block for {heard_s:.0f} s: the audio process has died or hangs"
    return "playing"


def uptime_s(status: Status, now_s: float) -> float:
    """How long the audio process has lived; until its last block if it is no more."""
    ended = state(status, now_s) not in ("playing", "starting", WAITING)
    last_s = status["heartbeat_s"] / (status["speed"] or 1.0) if ended else now_s
    return max(last_s - status["started_s"], 0.0)


def facts(status: Status, now_s: float, machine: Board | None = None) -> dict[str, str]:
    """The status in words, by what they are about; `now_s` is the monotonic clock."""
    machine = machine or Board()
    rate = max(status["sample_rate_hz"], 1.0)
    told = {
        "state": f"{state(status, now_s)} (process {status['pid']:.0f})",
        "instrument": _instrument(status),
        "plays": rung_sentence(status),
        "card": _card(status),
        "played": f"{status['blocks'] * status['block_frames'] / rate:.1f} s, "
        f"{status['blocks']:.0f} blocks of {status['block_frames']:.0f} frames at {rate:.0f} Hz",
        "uptime": _span(uptime_s(status, now_s)),
        "dropouts": f"{dropouts(status)}: late blocks {status['late_blocks']:.0f}, "
        f"blocks covered {status['covered_blocks']:.0f}, xruns {status['xruns']:.0f}",
        "load": _load(status),
        "latency": _latency(status),
        "level": f"in {_db(status['peak_in'])}, out {_db(status['peak_out'])}",
        "limiter": f"worked in {status['limited_blocks']:.0f} blocks",
        "repaired": f"{status['repaired_blocks']:.0f} blocks that were not finite, muted",
        "temperature": _temperature(machine),
        "real time": "granted" if status["realtime"] else "not granted: see ondine check",
        "memory": "locked" if status["locked"] else "not locked: see ondine check",
    }
    if computed_by := printable(status.text("computed_by")):
        told["computed by"] = computed_by
    if error := printable(status.text("load_error")):
        told["refused"] = error
    return told


def numbers(status: Status, now_s: float, machine: Board | None = None) -> dict[str, object]:
    """The status for machines: every field and text by its name, and what follows from them."""
    machine = machine or Board()
    throttling = machine.throttling
    return {
        "state": state(status, now_s),
        "plays": rung_sentence(status),
        **{name: status[name] for name in FIELDS if name != "magic"},
        **{name: status.text(name) for name in TEXTS},
        "uptime_s": uptime_s(status, now_s),
        "dropouts": dropouts(status),
        "load_p50": status.load_percentile(50),
        "load_p99": status.load_percentile(99),
        "load_p999": status.load_percentile(99.9),
        "load_max": status["step_max_s"] / deadline_s(status),
        "load_histogram": [int(count) for count in status.histogram],
        "latency_frames": sum(latency_frames(status).values()),
        "latency_ms": latency_ms(status),
        "temperature_c": machine.temperature_c,
        "throttled_now": None if throttling is None else list(throttling.now),
        "throttled_since_start": None if throttling is None else list(throttling.since_start),
    }


def histogram(status: Status) -> Text:
    """The loads as one line of `CELLS` bars from 0 to 200 percent, red beyond the deadline.

    Every doubling of a count is a step: one late block in a million is to be seen.
    """
    # The last bin, of everything beyond, joins the last cell.
    bins = status.histogram[: BINS - 1].copy()
    bins[-1] += status.histogram[BINS - 1]
    counts = bins.reshape(CELLS, -1).sum(axis=1)
    most = np.log2(1.0 + max(counts.max(), 1.0))
    text = Text().append("0% ", "dim")
    for cell, count in enumerate(counts.tolist()):
        height = round((len(_BARS) - 1) * np.log2(1.0 + count) / most)
        # Nothing is nothing, and one is not.
        bar = _BARS[max(height, 0)] if count else " "
        text.append(bar, "red" if cell >= CELLS // 2 else "green")
        if cell == CELLS // 2 - 1:
            text.append("│", "dim")
    return text.append(" 200%", "dim")


def _instrument(status: Status) -> str:
    name, bundle = printable(status.text("name")), printable(status.text("bundle"))
    swaps = f", after {status['swaps']:.0f} swaps" if status["swaps"] else ""
    place = f" ({bundle})" if bundle else ""
    return f"{name or 'none'}{place}{swaps}"


def _card(status: Status) -> str:
    lost = status["cards_lost"]
    times = {0: "", 1: ", lost once"}.get(int(lost), f", lost {lost:.0f} times")
    return f"{printable(status.text('card')) or 'none'}{times}"


def _load(status: Status) -> str:
    return (
        f"{status.load_percentile(50):.0%} in the middle, "
        f"{status.load_percentile(99):.0%} at p99, {status.load_percentile(99.9):.0%} at p99.9, "
        f"{status['step_max_s'] / deadline_s(status):.0%} at worst "
        f"of {1000.0 * deadline_s(status):.1f} ms"
    )


def _latency(status: Status) -> str:
    frames = latency_frames(status)
    parts = ", ".join(f"{part} {count}" for part, count in frames.items() if count)
    total = sum(frames.values())
    return f"{latency_ms(status):.1f} ms from in to out = {total} frames: {parts or 'none'}"


def _temperature(machine: Board) -> str:
    told = "not told" if machine.temperature_c is None else f"{machine.temperature_c:.0f} °C"
    if machine.throttling is None:
        return told
    if now := machine.throttling.now:
        return f"{told}, slowed down now by {' and '.join(now)}"
    if since := machine.throttling.since_start:
        return f"{told}, slowed down since it started by {' and '.join(since)}"
    return f"{told}, not slowed down"


def _span(seconds: float) -> str:
    """`3 d 4 h`, `4 h 5 min`, `5 min 6 s`, `6 s`."""
    rest, words = int(seconds), list[str]()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or words or unit == "s":
            words.append(f"{count} {unit}")
    return " ".join(words[:2])


def _db(peak: float) -> str:
    return f"{20.0 * np.log10(peak):.0f} dB" if peak > 1e-6 else "silent"
