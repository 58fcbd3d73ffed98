"""A late step, through the real process and the simulated card: no click, no xrun, in time."""

from pathlib import Path

import numpy as np
import pytest

from device.audio.watch import HUNG
from tests.device.audio.child import AudioChild
from tests.simcard.simcard import SimCard

BLOCK, HEADROOM = 512, 2048
PERIOD = 480
"""Frames of the sine that the card hears."""
WARM_UP = 8


def hearing_a_sine(folder: Path, speed: float) -> SimCard:
    folder.mkdir(exist_ok=True)
    card = SimCard(folder, speed=speed)
    wave = 0.5 * np.sin(2 * np.pi * np.arange(len(card.source)) / PERIOD)
    card.source[:] = (wave * 2**31).astype(np.int64)[:, None]
    return card


def play(folder: Path, card: SimCard, stall_s: float) -> AudioChild:
    return AudioChild(
        folder,
        *("--card", "sim", "--headroom", str(HEADROOM)),
        environment=card.environment(),
        block=BLOCK,
        channels_in=2,
        stall_block=WARM_UP + 12,
        stall_s=stall_s,
    )


def heard(card: SimCard) -> np.ndarray:
    """What was played, from the first frame to the last, as floats."""
    played = card.sink[:, 0] / 2.0**31
    sound = np.flatnonzero(played)
    return played[sound[0] : sound[-1] + 1]


def test_a_late_step_ends_and_returns_without_a_step_or_an_xrun(tmp_path: Path) -> None:
    for attempt in ("once", "again"):  # The machine may stall as well.
        card = hearing_a_sine(tmp_path / attempt, speed=0.25)
        child = play(tmp_path / attempt, card, stall_s=0.4)
        child.wait_for_blocks(40)
        code, _, errors = child.terminate()
        assert code == 0, errors
        status = child.status()
        if status["xruns"] == 0 and status["late_blocks"] == 1:
            break
    assert (status["xruns"], status["late_blocks"]) == (0, 1)
    # 0.4 s are 4800 frames of this card; all but the headroom of them had to be covered.
    covered = status["covered_blocks"]
    assert (4800 - HEADROOM) // BLOCK <= covered <= 4800 // BLOCK + 2
    played = heard(card)
    steepest = 0.5 * 2 * np.pi / PERIOD
    # A raised-cosine tail or rise over 240 frames and more adds half its own slope.
    assert np.abs(np.diff(played)).max() < steepest + 0.5 * np.pi / 2 / 200
    silent = np.flatnonzero(played == 0.0)
    gap = np.flatnonzero(np.diff(silent, prepend=-9) > 1)
    longest = np.diff(np.append(gap, len(silent))).max()
    assert (covered - 1) * BLOCK <= longest + 480 <= (covered + 1) * BLOCK
    # Before the gap and after it, the sound is exactly as old as promised.
    start = np.flatnonzero(card.sink[:, 0])[0]
    end = np.flatnonzero(card.sink[:, 0])[-1]
    for frames in (start + 3000 + np.arange(2000), end - 3000 + np.arange(2000)):
        late = card.source[frames - BLOCK - HEADROOM].astype(np.int64)
        assert np.abs(card.sink[frames] - late).max() < 2**8  # float32 on the way


@pytest.mark.slow
def test_silence_is_followed_by_the_dry_input(tmp_path: Path) -> None:
    card = hearing_a_sine(tmp_path, speed=0.5)
    child = play(tmp_path, card, stall_s=2.0)
    child.wait_for_blocks(3)
    child.wait_for(lambda: child.status()["covered_blocks"] > 60)
    while_away = child.status()["blocks"]
    child.wait_for_blocks(int(while_away) + 10)
    code, _, errors = child.terminate()
    assert code == 0, errors
    played = heard(card)
    # 0.25 s after the tail the dry input has risen; it is the sine at its full size again.
    away = played[np.flatnonzero(played == 0.0)[0] :]
    dry = away[round(0.35 * 48_000) : round(0.6 * 48_000)]
    assert np.abs(dry).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_a_step_that_never_returns_ends_the_process_in_silence_with_a_sentence(
    tmp_path: Path,
) -> None:
    card = hearing_a_sine(tmp_path, speed=1.0)
    child = play(tmp_path, card, stall_s=1e6)
    code, _, errors = child.finish()
    assert code == HUNG
    assert "a step has not come back for 10 s" in errors
    assert not card.sink[-2 * BLOCK :].any()
    last = np.flatnonzero(card.sink[:, 0])[-1]
    assert np.abs(card.sink[last - 100 : last + 1]).max() < 0.02 * 2**31


@pytest.mark.slow
def test_told_to_stop_while_a_step_hangs_it_ends_soon(tmp_path: Path) -> None:
    card = hearing_a_sine(tmp_path, speed=1.0)
    child = play(tmp_path, card, stall_s=1e6)
    child.wait_for_blocks(3)
    child.wait_for(lambda: child.status()["covered_blocks"] > 3)
    child.command(b'{"command": "stop"}')
    code, _, _ = child.finish()
    assert code == HUNG
