"""What a player sees while it plays: one line, drawn from the shared status."""

import math

from rich.text import Text

from device.status import Status

CELLS = 12
FLOOR_DB = -48.0


def meter(peak: float) -> Text:
    """A level meter of `CELLS` cells, four decibels each; red from -1 dB up."""
    level_db = 20.0 * math.log10(peak) if peak > 0.0 else FLOOR_DB
    lit = round(CELLS * min(max(1.0 - level_db / FLOOR_DB, 0.0), 1.0))
    style = "red" if level_db > -1.0 else "green"
    return Text("▮" * lit, style) + Text("▯" * (CELLS - lit), "dim")


def latency_ms(status: Status) -> float:
    """From input to output without converters: block, headroom and the model's own delay."""
    frames = status["block_frames"] + status["headroom_frames"] + status["delay_frames"]
    return 1000.0 * frames / max(status["sample_rate_hz"], 1.0)


def deadline_s(status: Status) -> float:
    """What a step may take: the headroom, at most one block."""
    frames = min(status["block_frames"], status["headroom_frames"])
    return max(frames, 1.0) / max(status["sample_rate_hz"], 1.0)


def dropouts(status: Status) -> int:
    """Blocks that came late, or gaps that the card reported, whichever are more: most are both."""
    return int(max(status["late_blocks"], status["xruns"]))


def line(status: Status) -> Text:
    """The live line: levels, load, dropouts and latency."""
    load = status["step_last_s"] / deadline_s(status)
    lost = dropouts(status)
    text = Text.assemble("in ", meter(status["peak_in"]), "  out ", meter(status["peak_out"]))
    text.no_wrap = True
    text.append(f"  load {load:4.0%}", "red" if load > 1.0 else "")
    text.append(f"  dropouts {lost}", "red" if lost else "")
    text.append(f"  latency {latency_ms(status):.1f} ms")
    return text


def summary(status: Status) -> str:
    """What was played, in two sentences."""
    blocks, lost = int(status["blocks"]), dropouts(status)
    seconds = blocks * status["block_frames"] / max(status["sample_rate_hz"], 1.0)
    counted = {0: "no dropouts", 1: "1 dropout"}.get(lost, f"{lost} dropouts")
    if blocks == 0:
        return "Nothing was played."
    return (
        f"Played {seconds:.1f} s in {blocks} blocks, {counted}. "
        f"Load {status.load_percentile(50):.0%} in the middle, "
        f"{status.load_percentile(99):.0%} at the 99th percentile."
    )


SILENT_S = 3.0
"""Longer than any block: a process that was not heard from for so long has died or hangs."""
START_S = 10.0
"""Longer than any start."""


def facts(status: Status, now_s: float) -> dict[str, str]:
    """The status in words; `now_s` is the monotonic clock."""
    heard_s = now_s - status["heartbeat_s"]
    state = "playing"
    if status["stopped"]:
        state = "stopped"
    elif status["blocks"] == 0:
        slow = now_s - status["started_s"] > START_S
        state = "did not come to play: the audio process has died or hangs" if slow else "starting"
    elif heard_s > SILENT_S:
        state = f"no block for {heard_s:.0f} s: the audio process has died or hangs"
    rate = max(status["sample_rate_hz"], 1.0)
    return {
        "state": f"{state} (process {status['pid']:.0f})",
        "played": f"{status['blocks'] * status['block_frames'] / rate:.1f} s, "
        f"{status['blocks']:.0f} blocks of {status['block_frames']:.0f} frames at {rate:.0f} Hz",
        "dropouts": f"{dropouts(status)}",
        "load": f"{status.load_percentile(50):.0%} in the middle, "
        f"{status.load_percentile(99):.0%} at the 99th percentile, "
        f"{status['step_max_s'] / deadline_s(status):.0%} at worst",
        "latency": f"{latency_ms(status):.1f} ms from in to out",
        "level": f"in {_db(status['peak_in'])}, out {_db(status['peak_out'])}",
        "limiter": f"worked in {status['limited_blocks']:.0f} blocks",
        "repaired": f"{status['repaired_blocks']:.0f} blocks that were not finite, muted",
        "real time": "granted" if status["realtime"] else "not granted: see ondine check",
    }


def _db(peak: float) -> str:
    return f"{20.0 * math.log10(peak):.0f} dB" if peak > 1e-6 else "silent"
