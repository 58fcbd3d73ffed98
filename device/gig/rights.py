"""What the kernel lets the audio process have: priority, locked memory, enough of the time."""

from collections.abc import Iterator

from device.audio.realtime import share
from device.gig.finding import Finding, fine_unless
from device.gig.ground import Ground
from device.gig.probe import run_probe
from device.gig.sounding import Sounding
from device.words import sentence

LEAST_SHARE = 0.8
"""Of the time, for real-time threads. A model that just fits needs as much of one core."""


def rights(ground: Ground, playing: Sounding | None) -> Iterator[Finding]:
    """Tried out in a process that ends at once; or, of what plays now, as it was granted there."""
    if playing:
        refused = "" if playing.realtime else "what plays now was not granted it"
        unlocked = "" if playing.locked else "what plays now was not allowed to lock its memory"
        yield fine_unless("real time", refused, "granted to what plays now")
        yield fine_unless("memory lock", unlocked, "granted to what plays now")
    else:
        outcome = run_probe("rights_probe", ground)
        if outcome.died:
            yield Finding("real time", "worry", f"cannot be tried out: it {outcome.died}")
            return
        said = outcome.said
        refused = sentence(said.get("priority", "")) or _limited(said.get("rttime_us"))
        yield fine_unless("real time", refused, "granted")
        yield fine_unless("memory lock", sentence(said.get("memory", "")), "granted")
    yield _kernel_share(share(ground.root))


def _limited(rttime_us: object) -> str:
    """A limit that systems with rtkit set: the kernel kills what computes for so long."""
    if not isinstance(rttime_us, int) or rttime_us < 0:
        return ""
    return (
        f"A real-time program that computes for {rttime_us / 1000:.0f} ms without a pause is "
        "killed: start Ondine from a shell without `ulimit -R`, or one long step ends the sound."
    )


def _kernel_share(share: float) -> Finding:
    """The kernel's own brake on real-time threads."""
    if share >= 1.0:
        trouble = (
            "The kernel sets real time no limit: should a model hang, the machine could lock up. "
            "Set: sudo sysctl kernel.sched_rt_runtime_us=950000."
        )
    elif share < LEAST_SHARE:
        trouble = (
            f"The kernel gives real time only {share:.0%} of the time, and blocks will be late. "
            "Set: sudo sysctl kernel.sched_rt_runtime_us=950000."
        )
    else:
        trouble = ""
    return fine_unless("brake", trouble, f"the kernel keeps {1 - share:.0%} for the system")
