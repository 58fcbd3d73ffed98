"""The bank in shared memory: two places a pad, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from device.errors import AudioError
from device.pads.bank import MAX_S, Bank

RATE = 8_000


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "pads", sample_rate_hz=RATE, create=True)


def test_another_process_sees_what_was_laid_there(bank: Bank) -> None:
    sound = np.linspace(-1, 1, 100, dtype=np.float32)
    bank.put(3, sound)
    bank.place(3, gain=0.5, pan=-0.25, choke=2)
    other = Bank(bank.path)
    np.testing.assert_array_equal(other.held(3), sound)
    assert other.rows[3][["gain", "pan", "choke"]].tolist() == (0.5, -0.25, 2)
    assert other.held(4).size == 0


def test_a_new_sound_leaves_the_old_one_whole_until_the_loop_has_answered(bank: Bank) -> None:
    first, second = np.full(50, 0.25, np.float32), np.full(60, 0.5, np.float32)
    bank.put(0, first)
    assert not bank.ready(0)
    bank.rows["seen"][0] = 1
    assert bank.ready(0)
    bank.put(0, second)
    np.testing.assert_array_equal(bank.sound[0, 1, :50], first)
    np.testing.assert_array_equal(bank.held(0), second)


def test_what_is_too_long_is_faded_out_where_it_ends(bank: Bank) -> None:
    bank.put(0, np.ones(int(MAX_S * RATE) + 5, np.float32))
    held = bank.held(0)
    assert len(held) == MAX_S * RATE
    assert held[-1] == 0.0
    assert held[-RATE // 200 - 1] == 1.0


def test_a_bank_of_the_same_rate_is_gone_on_with_and_another_is_made_anew(bank: Bank) -> None:
    bank.put(0, np.ones(8, np.float32))
    assert Bank(bank.path, sample_rate_hz=RATE, create=True).held(0).size == 8
    assert Bank(bank.path, sample_rate_hz=RATE * 2, create=True).held(0).size == 0
    assert bank.held(0).size == 8  # who has the old one open keeps it


def test_settings_of_a_fresh_bank_are_plain(bank: Bank) -> None:
    assert bank.rows["gain"].tolist() == [1.0] * 16
    assert not bank.rows["choke"].any()


@pytest.mark.parametrize(
    ("pad", "sound"),
    [(16, [1.0]), (-1, [1.0]), (0, []), (0, [np.nan]), (0, [np.inf]), (0, [[1.0]])],
)
def test_what_is_no_sound_or_no_pad_is_refused(bank: Bank, pad: int, sound: list) -> None:
    with pytest.raises(AudioError):
        bank.put(pad, np.array(sound, np.float32))
    assert not bank.rows["version"].any()


@pytest.mark.parametrize(("gain", "pan", "choke"), [(9, 0, 0), (1, 2, 0), (1, 0, 9), (-1, 0, 0)])
def test_settings_out_of_range_are_refused(bank: Bank, gain: int, pan: int, choke: int) -> None:
    with pytest.raises(AudioError, match="not possible"):
        bank.place(0, gain=gain, pan=pan, choke=choke)


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 5000])
def test_another_file_is_no_bank(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pads").write_bytes(content)
    with pytest.raises(AudioError, match="there are no pads"):
        Bank(tmp_path / "pads")


def test_an_absurd_rate_and_a_folder_that_is_not_there_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="8000 to 192000"):
        Bank(tmp_path / "pads", sample_rate_hz=3, create=True)
    with pytest.raises(AudioError, match="cannot keep"):
        Bank(tmp_path / "nowhere" / "pads", sample_rate_hz=RATE, create=True)
