"""From power to sound, and whether that sound is whole."""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly, holds, noted
from tests.box.image import TONE_HZ
from tests.box.machine import Disks, Machine
from tests.box.started import Started
from tests.box.timeline import keep_timeline

FIRST_SAMPLE_S = 6.0
WHOLE_S, SHORT_S, SINE_S = 30.0, 4.0, 3.0


def sound(given: Started, folder: Path) -> list[Finding]:
    """It sounds within six seconds, and thirty seconds of it are without a gap."""
    return _sound(given, folder, WHOLE_S)


def sound_short(given: Started, folder: Path) -> list[Finding]:
    """The same, for four seconds."""
    return _sound(given, folder, SHORT_S)


def _sound(given: Started, folder: Path, listen_s: float) -> list[Finding]:
    disks = Disks(given.image, folder)
    with Machine(disks) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        keep_timeline(box)
        box.show(f"sleep {listen_s:g}")
        told, heard = ask.status(box), ask.heard(box)
        onset_s = heard.onset_s()
        if onset_s is None:
            return [holds("kernel to first sample", "never", ok=False, wanted="sound")]
        music = heard.between(onset_s + 0.1, onset_s + 0.1 + listen_s)
        # The same way without the model in the sound, so that each sample can be foretold. The
        # model still plays, unheard.
        ask.move(box, "dry_wet", 0.0)
        box.show(f"sleep {SINE_S + 1.0:g}")
        dry = ask.heard(box)
        dry = dry.between(dry.at_s(len(dry.samples)) - SINE_S, dry.at_s(len(dry.samples)))
    disks.remove()
    return [
        at_most("kernel to first sample", onset_s, FIRST_SAMPLE_S),
        noted("the same at its very first start", f"{given.first_s:.2f} s"),
        exactly(f"gaps in {music.seconds:.0f} s of music", len(music.gaps()), 0),
        holds("its peak", f"{music.peak():.3f}", music.peak() > 0.01, "> 0.01"),
        exactly("late blocks", int(told["late_blocks"]), 0),
        exactly("covered blocks", int(told["covered_blocks"]), 0),
        exactly("xruns", int(told["xruns"]), 0),
        noted("longest step", f"{1000 * told['step_max_s']:.2f} ms"),
        exactly(f"breaks in {dry.seconds:.0f} s of a sine", dry.breaks(TONE_HZ), 0),
        holds("its peak", f"{dry.peak():.3f}", dry.peak() > 0.2, "> 0.2"),
    ]
