"""The list of cards, from what kernels write of them."""

from pathlib import Path

import pytest

from device.audio.cards import Card, list_cards, stirs

CARDS = """\
 0 [b1             ]: bcm2835_hdmi - bcm2835 HDMI 1
                      bcm2835 HDMI 1
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 3 [sndrpihifiberry]: RPi-simple - snd_rpi_hifiberry_dacplusadc
                      snd_rpi_hifiberry_dacplusadc
10 [Box            ]: USB-Audio - Scarlett 2i2 USB
                      Focusrite Scarlett 2i2 USB at usb-0000:01:00.0-1.2, high speed
11 [HDA            ]: tegra-hda - NVIDIA Jetson Orin Nano HDA
                      NVIDIA Jetson Orin Nano HDA at 0x3518000 irq 117
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "cards").write_text(CARDS)
    for number, name, directions in [
        (0, "b1", "p"),
        (1, "Headphones", "p"),
        (2, "vc4hdmi0", "p"),
        (3, "sndrpihifiberry", "pc"),
        (10, "Box", "pc"),
        (11, "HDA", "p"),
    ]:
        home = tmp_path / f"card{number}"
        for direction in directions:
            (home / f"pcm0{direction}").mkdir(parents=True)
        (home / "id").write_text(f"{name}\n")
    (tmp_path / "card10" / "usbid").write_text("1235:8210\n")
    (tmp_path / "card11" / "pcm0p" / "info").write_text("card: 11\nid: HDMI 0\n")
    return tmp_path


def test_names_titles_directions_and_kinds(proc: Path) -> None:
    assert list_cards(proc) == [
        Card("b1", "bcm2835 HDMI 1", False, True, "hdmi"),
        Card("Headphones", "bcm2835 Headphones", False, True, "onboard"),
        Card("vc4hdmi0", "vc4-hdmi-0", False, True, "hdmi"),
        Card("sndrpihifiberry", "snd_rpi_hifiberry_dacplusadc", True, True, "hat"),
        Card("Box", "Scarlett 2i2 USB", True, True, "usb"),
        Card("HDA", "NVIDIA Jetson Orin Nano HDA", False, True, "hdmi"),
    ]


def test_a_card_that_is_pulled_out_this_instant_is_left_out(proc: Path) -> None:
    (proc / "card10" / "id").unlink()
    assert "Box" not in {card.name for card in list_cards(proc)}


def test_what_stirs_is_a_card_that_comes_or_may_be_opened_by_others(tmp_path: Path) -> None:
    assert stirs(tmp_path / "snd") == ()
    nodes = tmp_path / "snd"
    nodes.mkdir()
    seen = [stirs(nodes)]
    (nodes / "pcmC0D0p").touch(0o600)
    seen.append(stirs(nodes))
    (nodes / "pcmC0D0p").chmod(0o660)
    seen.append(stirs(nodes))
    (nodes / "controlC0").touch()
    seen.append(stirs(nodes))
    assert len(set(seen)) == 4
    assert stirs(nodes) == seen[-1]


def test_no_cards_and_no_sound_at_all(tmp_path: Path) -> None:
    assert list_cards(tmp_path) == []
    (tmp_path / "cards").write_text("--- no soundcards ---\n")
    assert list_cards(tmp_path) == []
