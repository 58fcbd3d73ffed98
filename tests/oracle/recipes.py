"""The table of models the oracle exports: one row per kind, read by `export_models.py`.

A row says which of acids-rave's own gin files are combined, what is overridden, and how the result
is wrapped. The weights are random (seeded by the kind's name): these files test the converter, they
are not instruments.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How one kind is built.

    `configs`: names of acids-rave gin files, later ones override earlier ones.
    `bindings`: gin lines that override the files.
    `wrapper`: class of acids-rave's export script, or "checkpoint" for a plain saved state dict.
    `channels`: audio channels of the model.
    `latent_dims`: latents a variational export keeps (a power of two; ignored by the others).
    `export_rate_hz`: rate of the export where it differs from the model's own (None: the same).
    `streaming`: cached convolutions on.
    `prior_dims`: latents of RAVE's own autoregressive prior (None: exported without one).
    """

    kind: str
    configs: tuple[str, ...]
    bindings: tuple[str, ...] = ()
    wrapper: str = "VariationalScriptedRAVE"
    channels: int = 1
    latent_dims: int = 16
    export_rate_hz: int | None = None
    streaming: bool = True
    prior_dims: int | None = None

    @property
    def filename(self) -> str:
        return f"{self.kind}.{'ckpt' if self.wrapper == 'checkpoint' else 'ts'}"


# BRAVE (Caspe et al., 2025) is v1's architecture without noise, made shallow and causal.
BRAVE = (
    "CAPACITY = 32",
    "RATIOS = [2, 2, 2, 1]",
    "pqmf.CachedPQMF.attenuation = 40",
    "blocks.ResidualStack.dilations_list = [[3, 1], [9, 1], [27, 1], [36, 1]]",
)
SMALL_CAUSAL = ("CAPACITY = 32", "RATIOS = [2, 2, 2, 2]", "LATENT_SIZE = 16")

_ROWS = (
    Recipe("v2", ("v2",)),
    Recipe("v1", ("v1",)),
    Recipe("raspberry", ("raspberry",), latent_dims=8),
    Recipe("v2_small", ("v2_small",)),
    Recipe("small_causal", ("v2", "causal"), SMALL_CAUSAL),
    Recipe("discrete", ("discrete",), wrapper="DiscreteScriptedRAVE"),
    Recipe("v3", ("v3",)),
    Recipe("onnx", ("onnx",), latent_dims=8),
    Recipe("v2_noise", ("v2", "noise")),
    Recipe("v2_causal", ("v2", "causal")),
    Recipe("raspberry_causal", ("raspberry", "causal"), latent_dims=8),
    Recipe("v2_wasserstein", ("v2", "wasserstein"), wrapper="WasserteinScriptedRAVE"),
    Recipe("v2_spherical", ("v2", "spherical"), wrapper="SphericalScriptedRAVE"),
    Recipe("stereo", ("raspberry",), channels=2, latent_dims=8),
    Recipe(
        "resampled", ("raspberry",), ("SAMPLING_RATE = 22050",), latent_dims=8, export_rate_hz=44100
    ),
    Recipe("brave", ("onnx", "causal"), BRAVE),
    Recipe("prior", ("raspberry",), latent_dims=8, prior_dims=8),
    # What the converter must refuse, each with its own reason.
    Recipe("offline", ("raspberry",), latent_dims=8, streaming=False),
    Recipe("mel_hybrid", ("hybrid",), ("CAPACITY = 16",)),
    Recipe("checkpoint", ("raspberry",), wrapper="checkpoint"),
)

RECIPES: dict[str, Recipe] = {row.kind: row for row in _ROWS}
FIRST = tuple(row.kind for row in _ROWS[:7])
