"""The sound cards: which are there, what each grants, and who else has a hand on them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from device.audio.alsa import MAX_PERIOD_FRAMES, MIN_PERIOD_FRAMES
from device.audio.cards import Card, list_cards
from device.audio.grants import Grants, grants
from device.audio.pcm import FORMATS
from device.config import AudioProfile
from device.errors import AudioError
from device.gig.finding import Finding, Level, fine_unless
from device.gig.ground import Ground
from device.gig.sounding import Sounding
from device.route import ANY, KINDS, NONE, best_card
from device.words import sentence

SERVERS = {
    "pipewire": "systemctl --user stop pipewire.socket pipewire.service",
    "pulseaudio": "systemctl --user stop pulseaudio.socket pulseaudio.service",
    "jackd": "killall jackd",
    "jackdbus": "jack_control stop",
}
"""Programs that share cards out among others, and how each is told to leave them."""


@dataclass(frozen=True)
class SeenCard:
    """A card and what it grants; None for a direction that it has not, or that was not tried.

    `kind` is that of `device.audio.cards.Card`, or '' for an ALSA device. `trouble` is '' or why it
    cannot be used now; `busy` says that Ondine itself plays on it.
    """

    name: str
    kind: str
    captures: bool
    plays: bool
    playback: Grants | None = None
    capture: Grants | None = None
    trouble: str = ""
    busy: bool = False


def look_at_cards(
    audio: AudioProfile, playing: Sounding | None, ground: Ground
) -> tuple[SeenCard, ...]:
    """Every card of this machine, then ALSA devices that only the profile names.

    Cards are opened for a moment, those that something plays on are not.
    """
    listed = list_cards(ground.root / "proc/asound")
    seen = [_look(card, False, playing, ground) for card in listed]
    known = {card.name for card in listed}
    for name in audio.cards:
        if name not in known and name not in (*KINDS, ANY):
            device = _look(Card(name, name, True, True), True, playing, ground)
            # A card that is not plugged in is told by its name, once, and not as a broken device.
            seen += [device] if device.playback or device.busy else []
    return tuple(seen)


def cards(
    seen: Sequence[SeenCard], audio: AudioProfile, playing: Sounding | None, ground: Ground
) -> Iterator[Finding]:
    """Findings of each card, of the profile's wishes, and of programs that take cards."""
    able = [card for card in seen if card.playback or card.busy]
    if not able and not any(card.trouble for card in seen):
        wanted = f" The profile asks for {', '.join(audio.cards)}." if audio.cards else ""
        yield Finding("sound", "stop", f"No sound card that plays.{wanted} Is it plugged in?")
        return
    there = {name for card in able for name in (card.name, card.kind, "any")}
    missing = [name for name in audio.cards if name not in there]
    chosen = chosen_card(seen, audio)
    for card in seen:
        yield _card(card, audio, card is chosen)
    if missing and chosen is not None:
        yield Finding(
            "profile",
            "worry",
            f"It asks for {', '.join(missing)}, which cannot be had now: {chosen.name} would play.",
        )
    if chosen is None:
        yield Finding("sound", "stop", "No card can be used now: see above.")
    elif chosen.kind and not playing:
        yield from _servers(ground)


def chosen_card(seen: Sequence[SeenCard], audio: AudioProfile) -> SeenCard | None:
    """The card that would play, as `ondine play` chooses it; one with an input if there is any.

    None if there is none that can be used now.
    """
    able = {card.name: card for card in seen if card.busy or (card.playback and not card.trouble)}
    attached = [card for card in able.values() if card.kind]
    wished = {*audio.cards} & {name for card in attached for name in (card.name, card.kind, ANY)}
    if not wished and (devices := [card for card in able.values() if not card.kind]):
        return devices[0]
    for listens in (True, False):
        name, _ = best_card(audio.cards, attached, listens)
        if name != NONE:
            return able[name]
    return None


def _look(card: Card, device: bool, playing: Sounding | None, ground: Ground) -> SeenCard:
    about = (card.name, "" if device else card.kind, card.captures, card.plays)
    if playing and playing.card == card.name:
        return SeenCard(*about, busy=True)
    if holder := _holder(card.name, ground):
        return SeenCard(*about, trouble=f"is in use by {holder}")
    playback = capture = None
    try:
        playback = grants(card.name, "playback") if card.plays else None
        capture = grants(card.name, "capture") if card.captures else None
    except AudioError as error:
        return SeenCard(*about, playback, capture, trouble=str(error))
    return SeenCard(*about, playback, capture)


def _card(card: SeenCard, audio: AudioProfile, chosen: bool) -> Finding:
    what = f"card {card.name}"
    kind = {"usb": "USB", "hat": "on the sound bus", "hdmi": "HDMI", "onboard": "on board"}
    told = f"{kind[card.kind]}; " if card.kind in kind else ""
    if card.busy:
        return Finding(what, "fine", f"{told}Ondine plays on it now, so it was not opened")
    if card.trouble:
        # What will not be played on may be as busy as it likes.
        level: Level = "worry" if card.name in audio.cards or card.kind in audio.cards else "fine"
        return Finding(what, level, f"{told}{sentence(card.trouble)}")
    if not card.playback:
        side = "in" if card.capture else "neither in nor out"
        return Finding(what, "fine", f"{told}{side}: nothing can be played on it")
    trouble = next(filter(None, _troubles(card, audio)), "") if chosen else ""
    sides = "in and out" if card.capture else "out only: instruments that listen hear nothing"
    return fine_unless(what, trouble, f"{told}{sides}; {_grants(card)}")


def _troubles(card: SeenCard, audio: AudioProfile) -> Iterator[str]:
    """What stands in the way on the card that would play."""
    for name, side, map_ in (
        ("output", card.playback, audio.outputs),
        ("input", card.capture, audio.inputs),
    ):
        if side is None:
            continue
        if not set(side.formats) & set(FORMATS):
            yield (
                f"Its {name} speaks {', '.join(side.formats)}, and Ondine {', '.join(FORMATS)}. "
                f"Put plughw:CARD={card.name} into the profile, which converts."
            )
        if map_ and max(map_) > max(side.channels, default=0):
            yield (
                f"The profile maps {name} {max(map_)}, and it has {max(side.channels, default=0)}. "
                f"Change audio.{name}s."
            )
        shortest, longest = side.period_frames
        if shortest > MAX_PERIOD_FRAMES or longest < MIN_PERIOD_FRAMES:
            yield (
                f"Its {name} has periods of {shortest} to {longest} frames, and Ondine needs one "
                f"of {MIN_PERIOD_FRAMES} to {MAX_PERIOD_FRAMES}. Choose another card."
            )


def _grants(card: SeenCard) -> str:
    """Both directions in words; once, where they are alike."""
    out, into = card.playback, card.capture
    assert out is not None
    if into is None:
        return str(out)
    if (out.rates_hz, out.formats, out.period_frames) == (
        into.rates_hz,
        into.formats,
        into.period_frames,
    ):
        shortest, longest = out.period_frames
        return (
            f"{out.rates()}; {', '.join(out.formats)}; up to {max(into.channels)} in, "
            f"{max(out.channels)} out; periods of {shortest} to {longest} frames"
        )
    return f"out {out}; in {into}"


def _servers(ground: Ground) -> Iterator[Finding]:
    running = set()
    for comm in (ground.root / "proc").glob("[0-9]*/comm"):
        running.add(ground.read(str(comm.relative_to(ground.root))))
    for name in sorted(running & SERVERS.keys()):
        yield Finding(
            "sound server",
            "worry",
            f"{name} runs and may take the card at any moment; then nothing else can play on it. "
            f"Before the concert: {SERVERS[name]}",
        )


def _holder(card: str, ground: Ground) -> str:
    """Which program plays on a card or records from it; '' if none does, or it is no card."""
    home = ground.root / "proc/asound"
    for path in home.glob("card[0-9]*/id"):
        folder = path.parent.relative_to(ground.root)
        if ground.read(f"{folder}/id") != card:
            continue
        for status in (ground.root / folder).glob("pcm*/sub*/status"):
            text = ground.read(str(status.relative_to(ground.root)))
            if owner := re.search(r"owner_pid\s*:\s*(\d+)", text):
                return _program(int(owner[1]), ground)
    return ""


def _program(pid: int, ground: Ground) -> str:
    # The kernel names the thread that opened it; that is a folder of /proc as well.
    name = ground.read(f"proc/{pid}/comm")
    return f"{name} (process {pid})" if name else f"process {pid}"
