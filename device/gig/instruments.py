"""The instruments: whether each is admitted, fits by what the bench saw, and suits the card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device.admission.admit import admit
from device.audio.grants import nearest_rate
from device.bench import FITS_LOAD, Result, deadline_ms, machine
from device.config import Profile
from device.errors import AudioError, OndineError
from device.gig.finding import Finding
from device.gig.ground import Ground
from device.gig.memory import graph_bytes
from device.gig.paper import Tell
from device.gig.sound import SeenCard
from device.manifest import Manifest, Precision, fingerprint
from device.paths import admitted_file, bundles, find_bundle, seen_file
from device.seen import read_seen
from device.words import sentence


@dataclass(frozen=True)
class Instruments:
    """What was found; `graph_bytes` by name, of those that can be played."""

    findings: tuple[Finding, ...]
    graph_bytes: Mapping[str, int] = field(default_factory=dict)


def instruments(
    model: str | None,
    profile: Profile,
    card: SeenCard | None,
    ground: Ground,
    tell: Tell,
) -> Instruments:
    """Look at one instrument or, if `model` is None, at every one that is found."""
    try:
        wanted = (
            bundles(ground.environment)
            if model is None
            else {Path(model).stem: find_bundle(model, ground.environment)}
        )
    except OndineError as error:
        return Instruments((Finding("instrument", "stop", sentence(error)),))
    if not wanted:
        advice = "There are none. `ondine convert MODEL.ts` makes one."
        return Instruments((Finding("instruments", "stop", advice),))
    findings, sizes, unmeasured = [], {}, []
    for number, (name, path) in enumerate(sorted(wanted.items())):
        tell(name, number, len(wanted))
        try:
            manifest = admit(path, known=admitted_file(ground.environment))
        except OndineError as error:
            # It may begin with the name of a member, which keeps its small letter.
            words = str(error).removeprefix(f"{path}: ").rstrip(".")
            findings.append(Finding(name, "stop", f"{words}."))
            continue
        sizes[name] = graph_bytes(path, manifest, profile.engine.precision)
        seen = _seen(manifest, profile, ground)
        unmeasured += [] if seen else [name]
        findings.append(_admitted(name, manifest, profile, card, seen))
    # All in one line: they are many on a box that was just set up.
    if unmeasured:
        words = f"{', '.join(unmeasured)}: `ondine bench NAME` tells whether this machine is fast"
        findings.append(Finding("not measured", "worry", f"{words} enough."))
    # One sound instrument is enough to play; the bad ones are then only worries.
    if model is None and sizes:
        findings = [
            Finding(f.what, "worry" if f.level == "stop" else f.level, f.sentence) for f in findings
        ]
    return Instruments(tuple(findings), sizes)


def _admitted(
    name: str,
    manifest: Manifest,
    profile: Profile,
    card: SeenCard | None,
    seen: Mapping[Precision, Result],
) -> Finding:
    headroom = profile.audio.headroom_frames or manifest.block_frames
    troubles = [_fit(manifest, headroom, seen), _rate(manifest, card)]
    if worries := [words for words, worry in troubles if worry]:
        return Finding(name, "worry", " ".join(map(sentence, worries)))
    frames = manifest.block_frames + headroom + manifest.delay_frames
    latency = f"{1000.0 * frames / manifest.sample_rate_hz:.1f} ms from in to out"
    told = [latency, *(words for words, _ in troubles if words)]
    return Finding(name, "fine", "; ".join(told))


def _seen(m: Manifest, profile: Profile, ground: Ground) -> dict[Precision, Result]:
    """What the bench saw of an instrument here, in the precisions that the profile allows."""
    wanted = profile.engine.precision
    return {
        result.precision: result
        for result in read_seen(seen_file(ground.environment))
        if (result.bundle, result.machine) == (fingerprint(m), machine())
        and wanted in ("auto", result.precision)
    }


def _fit(m: Manifest, headroom_frames: int, seen: Mapping[Precision, Result]) -> tuple[str, bool]:
    """Words on whether it fits at this headroom by what was seen, and whether to worry."""

    def load(headroom: int, precision: Precision) -> float:
        return seen[precision].p999_ms / deadline_ms(m.block_frames, headroom, m.sample_rate_hz)

    if not seen:
        return "not measured", False
    loads = {precision: load(headroom_frames, precision) for precision in sorted(seen)}
    fits = [f"{p} ({loads[p]:.0%} load)" for p in loads if loads[p] <= FITS_LOAD]
    if fits:
        return f"fits in {' and '.join(fits)}", False
    advice = "choose a smaller model"
    if min(load(m.block_frames, precision) for precision in seen) <= FITS_LOAD:
        advice = f"a headroom of {m.block_frames} frames would do"
    least = min(loads.values())
    return f"it does not fit this machine ({least:.0%} of the deadline): {advice}", True


def _rate(m: Manifest, card: SeenCard | None) -> tuple[str, bool]:
    """Words on the card's rate and inputs, where they are not the instrument's."""
    if card is None or card.playback is None:
        return "", False
    sides = [card.playback]
    if m.channels_in:
        if card.capture is None:
            return f"it listens, and {card.name} has no input", True
        sides.append(card.capture)
    try:
        granted_hz = nearest_rate(m.sample_rate_hz, *sides)
    except AudioError as error:
        return str(error), True
    if granted_hz == m.sample_rate_hz:
        return "", False
    return f"resampled: it is of {m.sample_rate_hz} Hz and {card.name} of {granted_hz}", False
