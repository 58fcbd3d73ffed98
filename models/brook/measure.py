"""What brook's card says beyond what every instrument's does: pitch, onsets, joins, latents."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.brook.axes import latents_and_sound
from models.brook.grid import HISSING
from models.brook.net import Brook
from models.brook.recipe import BrookRecipe
from models.corpus import PLAYERS, corpus
from models.distances import centroid_hz, level_db, log_spectral_distance_db
from models.export import untrained
from models.measure import OFFSETS, behaviour, played, reconstruction, sine_pitch, size
from models.pitch import cents, pitch_hz

TONAL = (0, 2, 5, 8)  # voice, bowed, whistled, reed: players with one pitch that lasts
REST_S = 0.5


def tone(freq_hz: Tensor, sample_rate: int, partials: int = 12) -> Tensor:
    """A tone [1, 1, T] of partials 1 / k that follows `freq_hz` [T]; peak about 0.5."""
    phase = 2 * torch.pi * torch.cumsum(freq_hz.double(), 0) / sample_rate
    wave: Tensor = torch.zeros_like(phase)
    for k in range(1, partials + 1):
        wave = wave + torch.where(k * freq_hz < 14000, torch.sin(k * phase) / k, 0.0)
    return (0.3 * wave).float()[None, None]


def pitch_following(net: Brook) -> dict[str, float]:
    """Steady tones and glides in; how far in cents the pitch that comes out is from it."""
    rate, hop = net.config.sample_rate, net.config.hop
    frames = rate // hop * hop
    t = torch.arange(2 * frames) / rate
    steady, gliding = [], []
    for note in np.arange(40.25, 88, 1.5):  # 83..1300 Hz, on and between the tempered notes
        freq = 440.0 * 2 ** ((note - 69) / 12)
        y = played(net, tone(torch.full((frames,), freq), rate))[0, 0, frames // 2 :]
        steady.append(cents(pitch_hz(y, rate), torch.tensor(freq)).nanmedian())
    for low in (110.0, 196.0, 330.0):
        x = tone(low * 2 ** (t / t[-1]), rate)  # an octave up in two seconds
        y = played(net, x)[0, 0]
        delay = net.config.delay
        heard, wanted = pitch_hz(y[delay:], rate), pitch_hz(x[0, 0, : len(t) - delay], rate)
        gliding.append(cents(heard, wanted))
    errors, glides = torch.stack(steady), torch.cat(gliding)
    return {
        "steady_without_pitch": float(torch.isnan(errors).double().mean()),
        "steady_median_cents": float(errors.abs().nanmedian()),
        "steady_within_50_cents": float((errors.abs() <= 50).double().mean()),
        "glide_median_cents": float(glides.abs().nanmedian()),
        "glide_within_50_cents": float((glides.abs() <= 50).double().mean()),
    }


def onsets(net: Brook) -> dict[str, float]:
    """Bursts after silence: when half the level is there, and how long from a tenth to nine."""
    rate, hop = net.config.sample_rate, net.config.hop
    generator = torch.Generator().manual_seed(0)
    late, rise = [], []
    frames = rate // hop * hop
    for i in range(16):
        at = int(REST_S * rate) + i * hop // 16  # everywhere in a hop
        x = torch.zeros(1, 1, frames)
        if i % 2:
            x[:, :, at:] = 0.2 * torch.randn(1, 1, frames - at, generator=generator)
        else:
            freq = torch.full((frames - at,), 150.0 * 2 ** (i / 6))
            x[:, :, at:] = tone(freq, rate)
        y = played(net, x)
        level = y[0, 0].unfold(0, 256, 16).square().mean(dim=1).sqrt()
        full = float(level[-rate // 64 :].median())
        # A window's level is what it was at its middle.
        times = {
            share: int(torch.nonzero(level > share * full)[0]) * 16 + 128
            for share in (0.1, 0.5, 0.9)
        }
        late.append(1000 * (times[0.5] - at) / rate)
        rise.append(1000 * (times[0.9] - times[0.1]) / rate)
    return {
        "half_level_ms": float(np.median(late)),
        "half_level_latest_ms": float(np.max(late)),
        "rise_ms": float(np.median(rise)),
    }


def joins(net: Brook) -> float:
    """The largest step where two grains of partials meet, in dB of full scale.

    Either grain's own formula says what the sound is at their common edge; the step is exactly by
    what they differ. Every sixteenth frame is such an edge, those of blocks among them. A glide
    with vibrato, and latents that jump about from hop to hop, as a player's hands do.
    """
    hop, rate = net.config.hop, net.config.sample_rate
    t = torch.arange(2 * rate // hop * hop) / rate
    glide = tone(150.0 * 2 ** (t + 0.02 * torch.sin(2 * torch.pi * 5 * t)), rate)
    z, _ = net.encode(glide, net.encoder.init_state())
    jumping = torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    partials = net.decoder.partials
    edges = torch.tensor([-0.5, 0.5]) * partials.grain
    worst = 0.0
    for code in (z, jumping):
        heads, _ = net.decoder.steer(code, net.decoder.init_state()[7:])
        draws = net.noise(z.shape[2], seed=0)
        grains, mean, _ = partials.grains(
            *net.decoder.opened(heads), draws[:, : 2 * HISSING], partials.init_state()
        )
        at = partials.spun(grains, mean, edges).reshape(-1, 2)
        worst = max(worst, float((at[1:, 0] - at[:-1, 1]).abs().max()))
    return 20 * float(np.log10(max(worst, 1e-7)))


def explained(net: Brook, clips: np.ndarray) -> list[float]:
    """The share of the spectrum's variance, in dB, that each latent explains by a linear fit."""
    z, sound = latents_and_sound(net, clips)
    z = (z - z.mean(dim=0)) / z.std(dim=0)
    sound = sound - sound.mean(dim=0)
    fit = z.T @ sound / len(z)
    shares: Tensor = fit.square().sum(dim=1) / sound.var(dim=0).sum()
    return shares.tolist()


def up_to(net: Brook, clips: list[Tensor]) -> list[float]:
    """Log-spectral distances in dB to the input, with the first 1, 2, ... latents and no more.

    The others stay at 0, their mean.
    """
    delay, size, found = net.config.delay, net.config.latent_size, []
    for count in range(1, size + 1):
        rows = []
        for x in clips:
            z, _ = net.encode(x, net.encoder.init_state())
            z[:, count:] = 0
            y, _ = net.decode(z, net.noise(z.shape[2], seed=0), net.decoder.init_state())
            rows.append(log_spectral_distance_db(x[:, :, :-delay], y[:, :, delay:]))
        found.append(float(np.mean(rows)))
    return found


def latent_effects(net: Brook, clips: list[Tensor]) -> list[dict[str, Any]]:
    """Per latent: its range, and what an offset of it does to loudness, brightness and pitch.

    `clips` take the players in turn, as the corpus does.
    """
    rate = net.config.sample_rate
    z = torch.cat([net.encode(x, net.encoder.init_state())[0][0] for x in clips], dim=1)
    low, high = np.percentile(z.numpy(), (1, 99), axis=1)
    still = [played(net, x) for x in clips]
    tonal = [i for i in range(len(clips)) if i % len(PLAYERS) in TONAL]
    pitches = {i: pitch_hz(still[i][0, 0], rate) for i in tonal}
    effects = []
    for latent in range(net.config.latent_size):
        loudness, centroid, change, semitones = [], [], [], []
        for value in OFFSETS:
            offset = torch.zeros(net.config.latent_size, 1)
            offset[latent] = value
            moved = [played(net, x, offset) for x in clips] if value else still
            joined = torch.cat(moved, dim=2)
            loudness.append(level_db(joined) - level_db(torch.cat(still, dim=2)))
            centroid.append(centroid_hz(joined, rate))
            change.append(log_spectral_distance_db(torch.cat(still, dim=2), joined))
            bent = [cents(pitch_hz(moved[i][0, 0], rate), pitches[i]) / 100 for i in tonal]
            semitones.append(float(torch.cat(bent).nanmedian()))
        effects.append(
            {
                "low": float(low[latent]),
                "high": float(high[latent]),
                "loudness_db": loudness,
                "centroid_hz": centroid,
                "change_db": change,
                "pitch_semitones": semitones,
            }
        )
    return effects


def reconstructions(plan: BrookRecipe, net: Brook, clips: list[Tensor]) -> dict[str, Any]:
    """How close it comes, in all, by player, and beside doing nothing; and DC and peak."""
    before = untrained(plan)
    assert isinstance(before, Brook)
    delay, players = plan.config.delay, len(PLAYERS)
    made = {id(x): played(net, x) for x in clips}
    raw = {id(x): played(before, x) for x in clips}
    # An untrained net is also too quiet; give it its best level, so that training has to win on
    # the sound itself.
    quiet = np.mean([level_db(raw[id(x)]) - level_db(x) for x in clips])
    raised = 10 ** (-float(quiet) / 20)
    return {
        "reconstruction": {
            "trained": reconstruction(lambda x: made[id(x)], clips, delay),
            "untrained": reconstruction(lambda x: raw[id(x)], clips, delay),
            "untrained, raised to the input's level": reconstruction(
                lambda x: raised * raw[id(x)], clips, delay
            ),
            "silence": reconstruction(torch.zeros_like, clips, delay),
        },
        "players": {
            player.__name__: reconstruction(lambda x: made[id(x)], clips[i::players], delay)
            for i, player in enumerate(PLAYERS)
        },
        "dc": max(abs(float(y.mean())) for y in made.values()),
        "peak": max(float(y.abs().max()) for y in made.values()),
    }


def brook_measures(plan: BrookRecipe, net: Brook) -> dict[str, Any]:
    """All numbers of the card, except those that training wrote down."""
    arrays, hop = corpus(plan.held_out_seed, plan.held_out_clips), plan.config.hop
    clips = [torch.from_numpy(a[: len(a) // hop * hop])[None, None] for a in arrays]
    close = reconstructions(plan, net, clips)
    does = {
        **behaviour(net, clips[: len(PLAYERS)]),
        "dc": close.pop("dc"),
        "peak": close.pop("peak"),
    }
    half = clips[0].shape[2] // 2 // hop * hop
    short = [x[:, :, :half] for x in clips[: len(PLAYERS)]]
    latents = latent_effects(net, short)
    shares = explained(net, arrays[: 2 * len(PLAYERS)])
    for row, share, distance in zip(latents, shares, up_to(net, short), strict=True):
        row |= {"explains": share, "up_to_here_db": distance}
    return {
        "recipe": asdict(plan),
        "size": size(net),
        **close,
        "behaviour": does,
        "sines": sine_pitch(net),
        "pitch": pitch_following(net),
        "onsets": onsets(net),
        "joins_db": joins(net),
        "latents": latents,
    }
