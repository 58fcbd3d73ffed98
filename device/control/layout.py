"""What goes where on a phone: an instrument's parameters on pages of at most twelve.

Pad          the first two latents under one finger
Instrument   the bundle's own parameters
Mix          gains, dry/wet, noise, ceiling; panic, defaults, keep
Latents 1…   an offset each; then Scales 1…, a factor each
"""

from collections.abc import Mapping
from dataclasses import dataclass

from device.manifest import FIXED_IDS, LATENT_PREFIXES
from device.params import ParamSpec

PER_PAGE = 12
BUTTONS = (
    ("Panic", "/ondine/panic"),
    ("Defaults", "/ondine/defaults"),
    ("Keep", "/ondine/keep"),
)
"""Labels and addresses of the buttons beside the mix."""


@dataclass(frozen=True)
class Page:
    """Faders, or two parameters on a pad: across and up. Buttons stand below."""

    name: str
    faders: tuple[ParamSpec, ...] = ()
    pad: tuple[ParamSpec, ParamSpec] | None = None
    buttons: tuple[tuple[str, str], ...] = ()


def raw_address(spec: ParamSpec) -> str:
    """Where a parameter is set as by a knob, 0..1: what a fader of any app sends."""
    return f"/ondine/raw/{spec.id}"


def pages_of(specs: Mapping[str, ParamSpec]) -> list[Page]:
    """The pages for an instrument's parameters, each parameter on one, in the specs' order."""
    bias, scale = LATENT_PREFIXES
    own, mix, latents, scales = [], [], [], []
    for spec in specs.values():
        if spec.id in FIXED_IDS:
            mix.append(spec)
        elif spec.id.startswith(bias):
            latents.append(spec)
        elif spec.id.startswith(scale):
            scales.append(spec)
        else:
            own.append(spec)
    pad = [Page("Pad", pad=(latents[0], latents[1]))] if len(latents) > 1 else []
    return [
        *pad,
        *_cut("Instrument", own),
        *_cut("Mix", mix, BUTTONS),
        *_cut("Latents", latents),
        *_cut("Scales", scales),
    ]


def _cut(
    name: str, specs: list[ParamSpec], buttons: tuple[tuple[str, str], ...] = ()
) -> list[Page]:
    parts = [tuple(specs[i : i + PER_PAGE]) for i in range(0, len(specs), PER_PAGE)]
    if len(parts) == 1:
        return [Page(name, parts[0], buttons=buttons)]
    return [Page(f"{name} {i}", part, buttons=buttons) for i, part in enumerate(parts, 1)]
