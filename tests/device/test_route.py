"""Where sound comes from and goes to, for every set of cards."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from device.errors import AudioError, ConfigError
from device.route import choose_route

OUT = Path("out.wav")


@dataclass(frozen=True)
class Card:
    name: str
    captures: bool
    plays: bool


BOX = Card("Box", True, True)
USB = Card("USB", True, True)
HDMI = Card("HDMI", False, True)
MIC = Card("Mic", True, False)


def choose(there=(), listens=True, preferred=(), **asked):
    wish = {"input": None, "output": None, "card": None} | asked
    return choose_route(there=there, listens=listens, preferred=preferred, **wish)


@pytest.mark.parametrize(
    ("chosen", "card", "source"),
    [
        (choose([BOX, USB]), "Box", "card"),
        (choose([BOX, USB], preferred=["Gone", "USB"]), "USB", "card"),
        (choose([HDMI, BOX]), "Box", "card"),
        (choose([HDMI, BOX], listens=False), "HDMI", "card"),
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


def test_contradictions_are_refused():
    for asked in ({"output": OUT}, {"input": "a.wav"}, {"input": "silence"}):
        with pytest.raises(ConfigError, match="a card plays what it hears"):
            choose([BOX], card="Box", **asked)
    with pytest.raises(AudioError, match="no sound card to listen to"):
        choose([], input="card")
    with pytest.raises(AudioError, match="no sound card to listen to"):
        choose([BOX], input="card", output=OUT)
