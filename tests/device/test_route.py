"""Where sound comes from and goes to, for every set of cards."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from device.errors import AudioError, ConfigError
from device.route import choose_card, choose_route

OUT = Path("out.wav")


@dataclass(frozen=True)
class Card:
    name: str
    captures: bool
    plays: bool
    kind: str = "onboard"


BOX = Card("Box", True, True)
USB = Card("USB", True, True, "usb")
USB2 = Card("Other", True, True, "usb")
HAT = Card("Codec", True, True, "hat")
HDMI = Card("HDMI", False, True, "hdmi")
MIC = Card("Mic", True, False, "usb")


def choose(there=(), listens=True, preferred=(), **asked):
    wish = {"input": None, "output": None, "card": None} | asked
    return choose_route(there=there, listens=listens, preferred=preferred, **wish)


@pytest.mark.parametrize(
    ("chosen", "card", "source"),
    [
        (choose([BOX]), "Box", "card"),
        (choose([BOX, USB], preferred=["Gone", "USB"]), "USB", "card"),
        (choose([HDMI, BOX]), "Box", "card"),
        (choose([HDMI], listens=False), "HDMI", "card"),
        (choose([BOX], card="plughw:CARD=Other"), "plughw:CARD=Other", "card"),
        (choose([BOX], card="none"), "none", "demonstration"),
        (choose([BOX], card="none", listens=False), "none", "silence"),
        (choose([BOX], input="a.wav"), "none", "a.wav"),
        (choose([BOX], output=OUT), "none", "demonstration"),
        (choose([BOX], input="card"), "Box", "card"),
        (choose([]), "none", "demonstration"),
        (choose([MIC]), "none", "demonstration"),
        (choose([], input="silence"), "none", "silence"),
    ],
)
def test_the_choice(chosen, card, source):
    assert (chosen.card, chosen.input) == (card, source)


def test_what_was_chosen_for_the_player_is_said():
    assert choose([BOX]).notes == ()
    assert choose([], output=OUT, input="a.wav").notes == ()
    assert choose([]).notes[0].startswith("No sound card found: the sound goes nowhere")
    assert "a plucked string" in choose([]).notes[1]
    assert choose([HDMI]).notes[0].startswith("This instrument listens, and HDMI cannot")
    assert "goes nowhere" in choose([BOX], card="none").notes[-1]
    assert choose([BOX], preferred=["USB"]).notes == (
        "None of the cards USB is there: playing on Box.",
    )


@pytest.mark.parametrize(
    ("preferred", "there", "chosen"),
    [
        (["usb", "hat"], [HDMI, BOX, HAT, USB], "USB"),
        (["usb", "hat"], [HDMI, BOX, HAT], "Codec"),
        (["hat", "usb"], [USB, HAT], "Codec"),
        (["Other", "usb"], [USB, USB2], "Other"),
        (["usb"], [USB2, USB], "Other"),  # The kernel's order.
        (["Gone", "any"], [HDMI, BOX], "Box"),
        (["onboard"], [USB, BOX], "Box"),
        ([], [HDMI, BOX, HAT, USB], "USB"),  # Nothing said: the likeliest kind.
        ([], [HDMI, BOX], "Box"),
        (["hdmi"], [Card("hdmi", True, True), HDMI], "hdmi"),  # Called as a kind is.
    ],
)
def test_a_list_of_names_and_kinds(preferred, there, chosen):
    route = choose(there, listens=False, preferred=preferred)
    assert (route.card, route.notes) == (chosen, ())


def test_a_kind_that_cannot_listen_is_passed_over():
    assert choose([MIC, HDMI, HAT], preferred=["usb", "hdmi", "hat"]).card == "Codec"


def test_whoever_waits_for_a_card_is_told_which():
    assert choose_card(["Gone", "usb"], [HDMI, USB], True) == "USB"
    with pytest.raises(
        AudioError, match=r"no sound card \(it is to be Box, else usb\)\. Plug it in"
    ):
        choose_card(["Box", "usb"], [MIC], True)
    with pytest.raises(AudioError, match="HDMI cannot: it has no input"):
        choose_card([], [HDMI], True)


def test_contradictions_are_refused():
    for asked in ({"output": OUT}, {"input": "a.wav"}, {"input": "silence"}):
        with pytest.raises(ConfigError, match="a card plays what it hears"):
            choose([BOX], card="Box", **asked)
    with pytest.raises(AudioError, match="no sound card to listen to"):
        choose([], input="card")
    with pytest.raises(AudioError, match="no sound card to listen to"):
        choose([BOX], input="card", output=OUT)
