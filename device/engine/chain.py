"""The chain: the methods of a bundle, joined to what a player hears.

    autoencoder   heard → encode → edits → decode → wet
    prior                 prior  → edits → decode → wet
    decoder, synth                 edits → decode → wet
    effect        heard →         forward         → wet

Noise inputs are drawn and parameter inputs are filled before the first step of a block.
"""

from collections.abc import Mapping

import numpy as np

from device.bundle import Bundle
from device.engine.latent import LatentEdits
from device.engine.noise import Noise
from device.engine.step import Start, Step
from device.errors import BundleError, ConfigError
from device.manifest import Distribution, Manifest, Method, Port, Precision
from device.params import FIXED, MODEL, specs_of
from device.provider import CPU, LADDER, Name, Provider

Caches = Mapping[tuple[str, str], np.ndarray]
"""What a model remembers, by method and state."""

_NOISE_AMOUNT = FIXED["noise_amount"].slot


class Chain:
    """A bundle's methods as one step from `heard` [channels_in, block] to `wet` [channels_out, …].

    Both are float32 arrays that stay where they are.
    """

    def __init__(
        self,
        bundle: Bundle,
        precision: Precision,
        threads: int,
        seed: int,
        gently: bool = False,
        provider: Provider = CPU,
    ) -> None:
        """Load the methods that are played; those without a graph of `precision` use their other.

        Raises:
            ConfigError: if the bundle makes no sound, or no method has this precision.
            BundleError: if its methods do not fit together or cannot be loaded.
        """
        m = bundle.manifest
        front, back = played(m)
        names = [name for name in (front, back) if name is not None]
        if not any(precision in m.methods[name].graphs for name in names):
            have = {p for name in names for p in m.methods[name].graphs}
            raise ConfigError(f"{m.name} has no {precision} graphs; choose {' or '.join(have)}")
        _check(m, front, back)
        self.precision = precision
        self._steps = {
            name: Step(
                bundle,
                name,
                _nearest(m.methods[name], precision),
                threads=threads,
                gently=gently,
                provider=provider,
            )
            for name in names
        }
        # The least of them: what is promised is promised of the whole.
        self.provider: Name = max(
            (step.provider for step in self._steps.values()), key=LADDER.index
        )
        self._front = self._steps[front] if front else None
        self._back = self._steps[back]
        self.wet = self._output(m, back, "audio")[0]
        ear = self._input(m, names[0], "audio")
        self.heard = (
            np.zeros((m.channels_in, m.block_frames), np.float32) if ear is None else ear[0]
        )
        self._latent = self._output(m, front, "latent") if front else None
        self._edited = self._input(m, back, "latent")
        self._edits = None
        if self._edited is not None:
            steps = self._edited.shape[2]
            step_s = m.block_frames / steps / m.sample_rate_hz
            self._edits = LatentEdits(m.latent_size, steps, step_s)
        self._noise = Noise(self._noise_ports(m), seed)
        self._params = self._param_ports(m)

    def run(self, params: np.ndarray) -> None:
        """One block: read `heard`, write `wet`. `params` is float32 [SLOTS], finite."""
        self._noise.draw(params.item(_NOISE_AMOUNT))
        for array, slot in self._params:
            array.fill(params.item(slot))
        if self._front is not None:
            self._front.run()
        if self._edits is not None and self._edited is not None:
            self._edits.apply(self._latent, self._edited, params)
        self._back.run()

    def forget(self, start: Start = "zero") -> None:
        """Start the caches afresh, and nothing else."""
        for step in self._steps.values():
            step.reset(start)

    def reset(self, start: Start = "zero") -> None:
        """Start everything afresh: caches, glides and noise."""
        self.forget(start)
        self._noise.reset()
        if self._edits is not None:
            self._edits.reset()

    def caches(self) -> dict[tuple[str, str], np.ndarray]:
        """What the next block is played from: live arrays, which are others after each block."""
        return {
            (name, state): array
            for name, step in self._steps.items()
            for state, array in step.states().items()
        }

    def remember(self, caches: Caches) -> None:
        """Copy what the next block is played from into these arrays, without allocation."""
        for (name, state), array in caches.items():
            np.copyto(array, self._steps[name].states()[state])

    def close(self) -> None:
        """Let go of the graphs' memory, piece by piece."""
        for step in self._steps.values():
            step.close()

    def _input(self, m: Manifest, name: str, role: str) -> np.ndarray | None:
        ports = [p for p in m.methods[name].inputs if p.role == role]
        return self._steps[name].inputs[ports[0].name] if ports else None

    def _output(self, m: Manifest, name: str, role: str) -> np.ndarray:
        port = next(p for p in m.methods[name].outputs if p.role == role)
        return self._steps[name].outputs[port.name]

    def _noise_ports(self, m: Manifest) -> list[tuple[np.ndarray, Distribution]]:
        return [
            (step.inputs[port.name], port.distribution or "normal")
            for name, step in self._steps.items()
            for port in m.methods[name].role("noise")
        ]

    def _param_ports(self, m: Manifest) -> list[tuple[np.ndarray, int]]:
        specs = {id: s for id, s in specs_of(m).items() if s.slot >= MODEL.start}
        found = []
        for name, step in self._steps.items():
            for port in m.methods[name].role("param"):
                if port.name not in specs:
                    raise BundleError(
                        f"{name} of {m.name} wants a parameter {port.name}, which its manifest "
                        f"does not describe; it describes {', '.join(specs) or 'none'}"
                    )
                found.append((step.inputs[port.name], specs[port.name].slot))
        return found


def played(m: Manifest) -> tuple[str | None, str]:
    """The methods that are played: one that makes latents, or None, and one that makes sound.

    Raises:
        ConfigError: if no method makes sound.
    """
    sounding = [n for n, x in m.methods.items() if any(p.role == "audio" for p in x.outputs)]
    if not sounding:
        raise ConfigError(
            f"{m.name} has no method that makes sound (it has {', '.join(m.methods)}), so there is "
            "nothing to hear. Convert the whole model, or choose another bundle."
        )
    # A model with encode and decode often has forward, too; only the parts let latents be edited.
    back = next((n for n in ("decode", "forward") if n in sounding), sounding[0])
    if not m.methods[back].role("latent"):
        return None, back
    front = next((n for n in ("encode", "prior") if n in m.methods and n != back), None)
    return front, back


def _nearest(method: Method, precision: Precision) -> Precision:
    """A node that lost too much in int8 stays in float, and so may a whole method."""
    return precision if precision in method.graphs else next(iter(method.graphs))


def _check(m: Manifest, front: str | None, back: str) -> None:
    """The ports must fit each other and the manifest's numbers, with a sentence where not."""
    audio_in = (1, m.channels_in, m.block_frames)
    audio_out = (1, m.channels_out, m.block_frames)
    first = front or back
    _check_shape(m, first, m.methods[first].role("audio"), audio_in, least=0)
    _check_shape(m, back, _outputs(m.methods[back], "audio"), audio_out)
    latents = m.methods[back].role("latent")
    if latents:
        steps = latents[0].shape[-1]
        _check_shape(m, back, latents, (1, m.latent_size, steps))
        if front:
            made = _outputs(m.methods[front], "latent")
            _check_shape(m, front, made, (1, m.latent_size, steps))


def _outputs(method: Method, role: str) -> tuple[Port, ...]:
    return tuple(port for port in method.outputs if port.role == role)


def _check_shape(
    m: Manifest, method: str, ports: tuple[Port, ...], shape: tuple[int, ...], least: int = 1
) -> None:
    if not least <= len(ports) <= 1:
        raise BundleError(f"{method} of {m.name} has {len(ports)} ports where one is wanted")
    for port in ports:
        if port.shape != shape:
            raise BundleError(
                f"{method}.{port.name} of {m.name} is {list(port.shape)}, but the manifest's "
                f"block, channels and latents make {list(shape)}. Convert the model again."
            )
