"""Python, and whether onnxruntime runs on this processor at all."""

import platform
from collections.abc import Iterator

from device.gig.finding import Finding
from device.gig.ground import Ground
from device.gig.probe import run_probe

MOST_ERROR = 0.1
"""Of the tiny graph: its int8 product is off by 0.02 where it is right."""


def programs(ground: Ground) -> Iterator[Finding]:
    """Findings of Python and onnxruntime, and of ALSA's library if that is missing."""
    yield Finding("Python", "fine", f"{platform.python_version()} on {platform.machine()}")
    yield _runtime(ground)
    try:
        import alsaaudio  # noqa: F401
    except ImportError as error:
        yield Finding("sound", "stop", f"alsaaudio cannot be loaded ({error}). Install it again.")


def _runtime(ground: Ground) -> Finding:
    name = "onnxruntime"
    outcome = run_probe("runtime_probe", ground)
    if outcome.died.endswith("SIGILL"):
        return Finding(
            name,
            "stop",
            "it died by SIGILL: this build uses instructions that this processor lacks. Install "
            "another version of it with pip.",
        )
    if outcome.died:
        return Finding(name, "stop", f"it {outcome.died}. Install Ondine again.")
    version, error = str(outcome.said.get("version")), outcome.said.get("error")
    if not isinstance(error, float) or not error <= MOST_ERROR:
        return Finding(
            name,
            "stop",
            f"{version} computes wrongly here (a small product is off by {error}). Install "
            "another version of it, or have the memory of this computer tested.",
        )
    return Finding(name, "fine", f"{version}, computes rightly in float and int8")
