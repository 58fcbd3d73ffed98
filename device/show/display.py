"""What a player sees while it plays: one line, drawn from the shared status.

`device.show.facts` tells more.
"""

import math

from rich.text import Text

from device.rung import Rung
from device.status import Status
from device.words import printable

CELLS = 12
FLOOR_DB = -48.0


def meter(peak: float) -> Text:
    """A level meter of `CELLS` cells, four decibels each; red from -1 dB up."""
    level_db = 20.0 * math.log10(peak) if peak > 0.0 else FLOOR_DB
    lit = round(CELLS * min(max(1.0 - level_db / FLOOR_DB, 0.0), 1.0))
    style = "red" if level_db > -1.0 else "green"
    return Text("▮" * lit, style) + Text("▯" * (CELLS - lit), "dim")


def latency_frames(status: Status) -> dict[str, int]:
    """The way from input to output in frames, part by part, without converters."""
    parts = {
        "block": "block_frames",
        "headroom": "headroom_frames",
        "padding": "padding_frames",
        "model": "delay_frames",
    }
    return {part: int(status[field]) for part, field in parts.items()}


def latency_ms(status: Status) -> float:
    """From input to output without converters: block, headroom and the model's own delay."""
    return 1000.0 * sum(latency_frames(status).values()) / max(status["sample_rate_hz"], 1.0)


def deadline_s(status: Status) -> float:
    """What a step may take: the headroom, at most one block."""
    frames = min(status["block_frames"], status["headroom_frames"])
    return max(frames, 1.0) / max(status["sample_rate_hz"], 1.0)


def dropouts(status: Status) -> int:
    """Blocks that came late, or gaps that the card reported, whichever are more: most are both."""
    return int(max(status["late_blocks"], status["xruns"]))


def in_trouble(status: Status) -> bool:
    """Whether it plays something else than was asked for, or has no card."""
    return status["rung"] > Rung.MODEL or bool(status.text("trouble"))


def rung_sentence(status: Status) -> str:
    """What plays, and why if it is not what was asked for."""
    number, trouble = int(status["rung"]), printable(status.text("trouble"))
    plays = Rung(number).sentence if number in list(Rung) else f"rung {number} is unknown"
    return f"{plays}: {trouble}" if trouble else plays


def line(status: Status) -> Text:
    """The live line: levels, load, dropouts and latency; or, if something is wrong, what it is."""
    load = status["step_last_s"] / deadline_s(status)
    lost = dropouts(status)
    trouble = in_trouble(status)
    text = Text(no_wrap=True, overflow="ellipsis")
    if not trouble:
        text += Text.assemble("in ", meter(status["peak_in"]), "  ")
    text += Text.assemble("out ", meter(status["peak_out"]))
    text.append(f"  load {load:4.0%}", "red" if load > 1.0 else "")
    text.append(f"  dropouts {lost}", "red" if lost else "")
    if trouble:
        # Last, because it is cut where the terminal ends.
        text.append(f"  {rung_sentence(status)}", "red")
    else:
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
