"""Opening the stream that was asked for: a card that may come and go, or files."""

from collections.abc import Callable

from device.audio.cards import list_cards, stirs
from device.audio.clock import Clock
from device.audio.player import Player
from device.audio.revive import Revive
from device.audio.setup import Setup
from device.audio.stream import Stream
from device.route import ANY, KINDS, NONE, choose_card


def open_stream(
    setup: Setup,
    player: Player,
    clock: Clock,
    *,
    on_card: Callable[[str], None],
    say: Callable[[str], None],
    alive: Callable[[], None],
    stopping: Callable[[], bool],
) -> Stream:
    """The stream for `player`: of its block, and of its rate if the card has it.

    `on_card` is told the name of every card that is opened. `say`, `alive` and `stopping` are those
    of `Revive`, for a card that is not there.

    Raises:
        AudioError, ConfigError: if it cannot be had.
    """
    headroom = setup.headroom_frames or player.block_frames
    if setup.card == NONE:
        return _file_stream(setup, player, headroom, clock)
    from device.audio.alsa import AlsaStream

    # Two channels even for one: what is loaded later may have two, and a card's input is heard
    # whichever of its sockets is used.
    channels_in = len(setup.map_in) or max(2, player.channels_in)
    channels_out = len(setup.map_out) or max(2, player.channels_out)

    def open_card() -> Stream:
        card = _choose(setup.card, player.channels_in > 0)
        stream = AlsaStream(
            card,
            clock,
            sample_rate_hz=player.sample_rate_hz,
            block_frames=player.block_frames,
            headroom_frames=headroom,
            channels_in=channels_in if player.channels_in else 0,
            channels_out=channels_out,
            rates="any",
            map_in=setup.map_in,
            map_out=setup.map_out,
        )
        on_card(card)
        return stream

    return Revive(
        open_card,
        clock,
        say=say,
        alive=alive,
        stopping=stopping,
        stirs=stirs,
        patient=setup.patient,
    )


def _choose(wanted: str, listens: bool) -> str:
    """The card to open now: by name, or the best of the kinds in `wanted` that is there.

    Raises:
        AudioError: if there is none.
    """
    wishes = [wish.strip() for wish in wanted.split(",") if wish.strip()]
    cards = list_cards()
    if wishes and not {*wishes} & {*KINDS, ANY, *(card.name for card in cards)}:
        return wishes[0]  # It may be a device of ALSA's, or it says which card is missing.
    return choose_card(wishes, cards, listens)


def _file_stream(setup: Setup, player: Player, headroom: int, clock: Clock) -> Stream:
    from device.audio.file import FileStream
    from device.audio.sink import Nowhere, WavSink
    from device.audio.sound import parse_sound

    rate_hz = player.sample_rate_hz
    sound = parse_sound(setup.input, player.channels_in, rate_hz)
    sink = WavSink(setup.output, player.channels_out, rate_hz) if setup.output else Nowhere()
    return FileStream(
        sound,
        sink,
        clock,
        sample_rate_hz=rate_hz,
        block_frames=player.block_frames,
        headroom_frames=headroom,
        channels_out=player.channels_out,
        tail_frames=player.delay_frames,
    )
