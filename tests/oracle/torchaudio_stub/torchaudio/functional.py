"""Resampling by linear interpolation: a placeholder for data augmentation that is never run."""

import torch


def resample(waveform: torch.Tensor, orig_freq: int, new_freq: int) -> torch.Tensor:
    """Return `waveform` `[..., T]` (Hz `orig_freq`) at `new_freq`, `[..., T·new/orig]`."""
    length = int(waveform.shape[-1] * new_freq / orig_freq)
    flat = waveform.reshape(1, -1, waveform.shape[-1])
    moved = torch.nn.functional.interpolate(flat, size=length, mode="linear")
    return moved.reshape((*waveform.shape[:-1], length))
