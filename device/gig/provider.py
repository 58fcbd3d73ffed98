"""What the profile has compute the instruments, where that is not the processor alone."""

from collections.abc import Iterator

from device.config import EngineProfile
from device.gig.finding import Finding
from device.gig.ground import Ground
from device.gig.probe import run_probe
from device.provider import WORDS, choose_provider


def provider(engine: EngineProfile, ground: Ground) -> Iterator[Finding]:
    """A finding if the profile asks for a graphics card."""
    if engine.provider == "cpu":
        return
    said = run_probe("runtime_probe", ground).said.get("providers")
    installed = [str(name) for name in said] if isinstance(said, list) else []
    chosen, why = choose_provider(engine.provider, installed)
    if why:
        words = f"{why}: {WORDS[chosen]} computes. hardware/jetson-orin-nano/README.md says more."
        yield Finding("provider", "worry", words)
    else:
        yield Finding(
            "provider", "fine", f"{WORDS[chosen]}, for instruments that it was tried with"
        )
