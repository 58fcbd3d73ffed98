"""OSC answers: named values as OSC bundles, none larger than an Ethernet frame carries whole."""

from collections.abc import Sequence

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

Answer = tuple[str, Sequence[float | int | str]]
"""An address and its arguments, such as ("/ondine/status/dropouts", [0])."""

MAX_BYTES = 1400


def packets(answers: Sequence[Answer]) -> list[bytes]:
    """The answers as datagrams, in order, as many to each as fit."""
    sent: list[bytes] = []
    builder, size = OscBundleBuilder(IMMEDIATELY), 16
    for address, arguments in answers:
        part = message(address, arguments)
        if size + 4 + part.size > MAX_BYTES:
            sent.append(builder.build().dgram)
            builder, size = OscBundleBuilder(IMMEDIATELY), 16
        builder.add_content(part)
        size += 4 + part.size
    if size > 16:
        sent.append(builder.build().dgram)
    return sent


def message(address: str, arguments: Sequence[float | int | str]) -> OscMessage:
    """One message, not in a bundle."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()
