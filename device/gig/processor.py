"""Cores, clock and naps: how evenly this machine computes."""

import os
from collections.abc import Iterator

from device.audio.realtime import governors, isolated, longest_nap_us
from device.config import AudioProfile
from device.gig.finding import Finding, fine_unless
from device.gig.ground import Ground

BUSY = 0.5
"""Of all cores, by other programs."""
LONG_NAP_US = 500
"""A tenth of the deadline of a 256-frame block at 48 kHz."""


def processor(audio: AudioProfile, ground: Ground) -> Iterator[Finding]:
    """Findings of cores and, where the kernel tells of them, of clock and naps."""
    yield _cores(audio.cpu, ground)
    if finding := _clock(audio, ground):
        yield finding
    if (nap_us := longest_nap_us(ground.root)) > 0:
        yield _naps(nap_us, ground)


def _cores(cpu: int, ground: Ground) -> Finding:
    there = sorted(os.sched_getaffinity(0))
    apart = isolated(ground.root)
    try:
        busy = float(ground.read("proc/loadavg").split()[0]) / len(there)
    except (ValueError, IndexError):
        busy = 0.0
    told = f"{len(there)} cores, {busy:.0%} busy"
    if cpu >= 0 and cpu not in there and cpu not in apart:
        return Finding(
            "cores",
            "worry",
            f"The profile keeps audio on core {cpu}, and there are {_list(there)}: it will run on "
            "any of them. Change audio.cpu.",
        )
    if busy > BUSY:
        return Finding("cores", "worry", f"{told}: dropouts are likelier. End other programs.")
    if apart and cpu not in apart:
        return Finding(
            "cores",
            "worry",
            f"Core {_list(sorted(apart))} is kept free of other programs (isolcpus), and audio "
            f"does not use it. Set audio.cpu = {min(apart)} in the profile.",
        )
    if cpu >= 0:
        told += f"; audio keeps to core {cpu}" + (", alone" if cpu in apart else "")
    return Finding("cores", "fine", told)


def _clock(audio: AudioProfile, ground: Ground) -> Finding | None:
    """None where the clock is fixed, as in virtual machines."""
    found = governors(audio.cpu if audio.cpu >= 0 else None, ground.root)
    slow = {file: governor for file, governor in found.items() if governor != "performance"}
    if not found:
        return None
    if not slow:
        return Finding("clock", "fine", "governor performance")
    named = " and ".join(sorted(set(slow.values())))
    if audio.governor and all(os.access(file, os.W_OK) for file in slow):
        return Finding("clock", "fine", f"governor {named}; audio takes performance while it plays")
    why = "it may not be changed from here" if audio.governor else "the profile leaves it so"
    return Finding(
        "clock",
        "worry",
        f"Governor {named}, and {why}: the processor slows down between blocks, and dropouts are "
        f"likelier. Before the concert: echo performance | sudo tee "
        f"{next(iter(slow)).parent.parent}/policy*/scaling_governor",
    )


def _naps(nap_us: int, ground: Ground) -> Finding:
    allowed = os.access(ground.root / "dev/cpu_dma_latency", os.W_OK)
    long = nap_us >= LONG_NAP_US and not allowed
    return fine_unless(
        "naps",
        f"Idle cores may nap so deeply that a block begins {nap_us / 1000:.1f} ms late. Let this "
        "user write /dev/cpu_dma_latency, or choose a larger headroom."
        if long
        else "",
        "audio keeps idle cores awake while it plays"
        if allowed
        else f"idle cores wake up within {nap_us / 1000:.1f} ms",
    )


def _list(cores: list[int]) -> str:
    return ", ".join(map(str, cores))
