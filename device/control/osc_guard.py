"""The guard before the OSC parser: a datagram's shape is checked before python-osc sees it.

python-osc 1.10 loops for ever on a negative element length, recurses as deep as bundles nest,
sleeps on future time tags and backtracks on wildcards. So bundles are walked here, with bounds,
and the library is handed single messages whose address, type tags and length are known to agree:

    #bundle\\0 | time tag, 8 bytes | length i32 | element | length i32 | element | …
    /address\\0…| ,tags\\0… | arguments                     each padded to 4 bytes

Time tags are ignored: a box without a clock plays what arrives when it arrives.
"""

import re
import struct

MAX_BYTES = 8192
MAX_DEPTH = 4
MAX_MESSAGES = 256
MAX_ARGUMENTS = 16
MAX_TEXT = 127

_BUNDLE = b"#bundle\0"
_HEADER_BYTES = 16
_LENGTH = struct.Struct(">i")
# No wildcards and no blanks: a pattern is never matched, so it is refused at the door.
_ADDRESS = re.compile(rb"(/[A-Za-z0-9_.\-/]{0,126})\0{1,4}")
_TAGS = re.compile(rb",([ifhdTFs]*)\0{1,4}")
_TEXT = re.compile(rb"([^\0-\x1f\x7f]{1,%d})\0{1,4}" % MAX_TEXT)
_SIZE = {ord("i"): 4, ord("f"): 4, ord("h"): 8, ord("d"): 8, ord("T"): 0, ord("F"): 0}


class RefusedError(Exception):
    """A packet or a message that is not let through; `reason` is one of a fixed few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def split(datagram: bytes, max_arguments: int = MAX_ARGUMENTS) -> list[bytes]:
    """The messages of a datagram in the order they stand, each safe to parse.

    A message may have `max_arguments`; landmarks need hundreds, parameters one.

    Raises:
        RefusedError: if any part of it is malformed; nothing of it is to be used then.
    """
    if not datagram:
        raise RefusedError("empty")
    if len(datagram) > MAX_BYTES:
        raise RefusedError("too large")
    messages: list[bytes] = []
    _walk(datagram, 1, messages, max_arguments)
    return messages


def _walk(element: bytes, depth: int, messages: list[bytes], max_arguments: int) -> None:
    if not element.startswith(_BUNDLE):
        _check_message(element, max_arguments)
        if len(messages) == MAX_MESSAGES:
            raise RefusedError("too many messages")
        messages.append(element)
        return
    if depth > MAX_DEPTH:
        raise RefusedError("nested too deep")
    if len(element) < _HEADER_BYTES:
        raise RefusedError("cut short")
    at = _HEADER_BYTES
    while at < len(element):
        if at + 4 > len(element):
            raise RefusedError("cut short")
        (length,) = _LENGTH.unpack_from(element, at)
        at += 4
        if length <= 0 or length % 4:
            raise RefusedError("bad length")
        if at + length > len(element):
            raise RefusedError("cut short")
        _walk(element[at : at + length], depth + 1, messages, max_arguments)
        at += length


def _check_message(message: bytes, max_arguments: int) -> None:
    if len(message) % 4:
        raise RefusedError("bad length")
    address = _ADDRESS.match(message)
    if address is None:
        raise RefusedError("bad address")
    start = _padded(address.end(1))
    if start > address.end():
        raise RefusedError("bad address")
    if start == len(message):
        return  # an old sender's message without type tags has no arguments
    tags = _TAGS.match(message, start)
    if tags is None:
        raise RefusedError("bad types")
    if len(tags[1]) > max_arguments:
        raise RefusedError("too many arguments")
    at = _padded(tags.end(1))
    if at > tags.end():
        raise RefusedError("bad length")
    for tag in tags[1]:
        at = _after_text(message, at) if tag == ord("s") else at + _SIZE[tag]
    if at != len(message):
        raise RefusedError("bad length")


def _after_text(message: bytes, at: int) -> int:
    """Where the text that begins at `at` ends with its padding."""
    text = _TEXT.match(message, at)
    if text is None or (end := _padded(text.end(1))) > text.end():
        raise RefusedError("bad text")
    try:
        text[1].decode()
    except UnicodeDecodeError:
        raise RefusedError("bad text") from None
    return end


def _padded(end: int) -> int:
    """Where an OSC string whose characters end at `end` stops: after 1..4 zero bytes."""
    return end + 4 - end % 4
