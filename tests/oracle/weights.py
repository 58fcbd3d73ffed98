"""Give an untrained RAVE weights that sound like something, from the current torch seed.

Default initialisation shrinks the signal layer after layer: the output would be silence and every
int8 range meaningless. Each convolution is instead rescaled, in one data-driven pass, so that its
output has the deviation wanted of it (Salimans & Kingma 2016, "Weight Normalization", §3). Output
channels keep unequal gains, as in trained models, and the synthesis bands fall with frequency.
Nothing is trained.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

FRAMES = 1 << 17
PEAK_WANTED, PEAK_LOW, PEAK_HIGH = 0.5, 0.3, 0.7
CHANNEL_SPREAD = 0.3  # deviation of the log gains between output channels
NOISE_HEAD_GAIN = 1.5  # the noise synth takes sigmoid(x - 5): at gain 1 it could not be heard


def plucked_signal(frames: int, sample_rate: int, channels: int) -> torch.Tensor:
    """Return plucked sines over faint noise, `[1, channels, frames]`, peak 0.5."""
    t = torch.arange(frames) / sample_rate
    signal = 0.02 * torch.randn(1, channels, frames)
    for onset in torch.arange(0.0, frames / sample_rate, 0.11):
        pitch_hz = 55.0 * 2.0 ** (5.0 * torch.rand(channels, 1))
        since = (t - onset).clamp(min=0.0)
        envelope = torch.where(t >= onset, torch.exp(-6.0 * since), torch.zeros(()))
        harmonics = sum(torch.sin(2 * math.pi * k * pitch_hz * since) / k for k in range(1, 6))
        signal = signal + envelope * harmonics
    return 0.5 * signal / signal.abs().max()


def sound(model: nn.Module) -> float:
    """Set every weight and statistic of a freshly built RAVE in place; return its decode peak.

    The model must be in eval mode with weight norm removed. Caches are left at zero.
    """
    signal = plucked_signal(FRAMES, model.sr, model.n_channels)
    _fill_statistics(model)
    _normalise_batches(model)
    _rescale(model.encoder, lambda: model.encode(signal), {})
    _settle_batches(model, signal)
    _fill_codebooks(model)
    latent = _latents(model, signal)
    wave, rows, noise = _heads(model.decoder, model.n_channels)
    gains = {} if noise is None else {noise: NOISE_HEAD_GAIN}
    _rescale(model.decoder, lambda: model.decode(latent), gains)
    band = torch.arange(rows) % model.pqmf.n_band
    wave.weight[:rows] *= (1.0 / (1.0 + band)).reshape(-1, 1, 1)
    peak = 0.0
    for _ in range(12):
        clear_caches(model)
        peak = float(model.decode(latent).abs().max())
        if PEAK_LOW <= peak <= PEAK_HIGH:
            break
        wave.weight[:rows] *= PEAK_WANTED / peak
    clear_caches(model)
    return peak


def clear_caches(model: nn.Module) -> None:
    """Zero every streaming cache (`….pad` and transposed convolutions' `….cache`) in place."""
    for name, buffer in model.named_buffers():
        if name.rsplit(".", 1)[-1] in ("pad", "cache"):
            buffer.zero_()


def _fill_statistics(model: nn.Module) -> None:
    size = model.latent_size
    model.latent_pca.copy_(torch.linalg.qr(torch.randn(size, size))[0])
    model.latent_mean.copy_(0.1 * torch.randn(size))
    for name in ("encoder", "decoder"):
        module = getattr(model, name)
        if hasattr(module, "warmed_up"):  # as after phase 1: v1's noise synth is silent before
            module.set_warmed_up(True)
    for name, parameter in model.named_parameters():
        if name.endswith(".alpha"):  # Snake
            parameter.copy_(0.5 + torch.rand_like(parameter))


def set_fidelity(model: nn.Module, latent_dims: int) -> None:
    """Fill `fidelity` with a rising curve that crosses 0.95 at dimension `latent_dims`."""
    index = torch.arange(model.latent_size)
    model.fidelity.copy_(1.0 - 0.05 ** ((index + 1.5) / latent_dims))


def _rescale(part: nn.Module, run: Callable[[], object], gains: dict[nn.Module, float]) -> None:
    """Scale each convolution of `part` while `run()` goes through it once."""
    hooks = []
    for module in part.modules():
        if not isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            continue
        axis = 1 if isinstance(module, nn.ConvTranspose1d) else 0
        shape = [1, 1, 1]
        shape[axis] = module.weight.shape[axis]
        module.weight *= torch.exp(CHANNEL_SPREAD * torch.randn(shape))
        hooks.append(module.register_forward_hook(_scaler(gains.get(module, 1.0))))
    clear_caches(part)
    run()
    for hook in hooks:
        hook.remove()
    clear_caches(part)


def _scaler(gain: float) -> Callable[[nn.Module, object, torch.Tensor], torch.Tensor]:
    def hook(module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        factor = gain / output.std().clamp(min=1e-9)
        module.weight *= factor
        return output * factor

    return hook


def _batch_norms(model: nn.Module) -> list[nn.BatchNorm1d]:
    return [m for m in model.encoder.modules() if isinstance(m, nn.BatchNorm1d)]


def _normalise_batches(model: nn.Module) -> None:
    for norm in _batch_norms(model):
        norm.weight.copy_(1.0 + 0.2 * torch.randn_like(norm.weight))
        norm.bias.copy_(0.1 * torch.randn_like(norm.bias))
        norm.train()


def _settle_batches(model: nn.Module, signal: torch.Tensor) -> None:
    """Average running statistics over a few train-mode passes, then go back to eval."""
    norms = _batch_norms(model)
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # plain average
    for _ in range(3):
        model.encode(signal)
        signal = plucked_signal(signal.shape[-1], model.sr, model.n_channels)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()
    clear_caches(model)


def _fill_codebooks(model: nn.Module) -> None:
    """Residual codebooks whose spread falls by 0.8 a layer (left at zero by the library)."""
    rvq = getattr(model.encoder, "rvq", None)
    if rvq is None:
        return
    model.encoder.enabled.fill_(1)
    for depth, layer in enumerate(rvq.layers):
        book = layer._codebook
        book.embed.copy_(0.8 * 0.8**depth * torch.randn_like(book.embed))
        book.embed_avg.copy_(book.embed)
        book.cluster_size.fill_(10.0)
        book.inited.fill_(1.0)


def _latents(model: nn.Module, signal: torch.Tensor) -> torch.Tensor:
    clear_caches(model)
    latent = model.encoder.reparametrize(model.encode(signal))[0]
    return latent.nan_to_num()  # the spherical encoder divides silence by its own norm


def _heads(decoder: nn.Module, channels: int) -> tuple[nn.Module, int, nn.Module | None]:
    """Return (waveform convolution, its rows that carry audio, last noise convolution or None)."""
    if hasattr(decoder, "synth"):  # v1
        branches = decoder.synth.branches
        noise = branches[2].net[-1] if len(branches) > 2 else None
        return branches[0], branches[0].weight.shape[0], noise
    wave = decoder.waveform_module or decoder.net[-1]
    rows = wave.weight.shape[0] // (2 if decoder.amplitude_modulation else 1)
    noise = decoder.noise_module.net[-1] if decoder.noise_module is not None else None
    return wave, rows, noise
