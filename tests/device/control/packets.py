"""OSC packets by hand: good ones and every kind of bad one that is known to hurt a parser."""

import struct

import pytest

IMMEDIATELY = struct.pack(">Q", 1)
AN_HOUR_AHEAD = struct.pack(">Q", 1 << 63)


def padded(text: bytes) -> bytes:
    return text + b"\0" * (4 - len(text) % 4)


def message(address: str | bytes, tags: str = "", *values: object) -> bytes:
    address = address.encode() if isinstance(address, str) else address
    return padded(address) + padded(b"," + tags.encode()) + arguments(tags, *values)


def arguments(tags: str, *values: object) -> bytes:
    given = iter(values)
    kinds = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}
    packed = [
        padded(str(next(given)).encode()) if tag == "s" else struct.pack(kinds[tag], next(given))
        for tag in tags
        if tag == "s" or tag in kinds
    ]
    return b"".join(packed)


def bundle(*elements: bytes, time_tag: bytes = IMMEDIATELY) -> bytes:
    return b"#bundle\0" + time_tag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def nested(depth: int, inside: bytes) -> bytes:
    for _ in range(depth):
        inside = bundle(inside)
    return inside


GOOD = message("/ondine/param/dry_wet", "f", 0.25)

_LENGTH = b"#bundle\0" + IMMEDIATELY
MALFORMED = {
    "empty": (b"", "empty"),
    "zeros": (b"\0" * 16, "bad address"),
    "one byte": (b"/", "bad length"),
    "64 KiB": (b"/" * 65_504, "too large"),
    "negative length": (_LENGTH + struct.pack(">i", -4), "bad length"),
    "zero length": (_LENGTH + struct.pack(">i", 0), "bad length"),
    "length past the end": (_LENGTH + struct.pack(">i", 400) + GOOD, "cut short"),
    "length unaligned": (_LENGTH + struct.pack(">i", 5) + GOOD, "bad length"),
    "largest length": (_LENGTH + struct.pack(">i", 2**31 - 4), "cut short"),
    "bundle without a time": (b"#bundle\0", "cut short"),
    "bundle with half a length": (_LENGTH + b"\0\0", "cut short"),
    "five deep": (nested(5, GOOD), "nested too deep"),
    "2000 deep": (nested(2000, GOOD)[:8000], "cut short"),
    "400 deep": (nested(390, GOOD), "nested too deep"),
    "257 messages": (bundle(*[message("/a")] * 257), "too many messages"),
    "wildcards": (message("/ondine/" + "*" * 20, "f", 0.5), "bad address"),
    "stars and negations": (message("/" + "*" * 10 + "[!" * 10, "f", 0.5), "bad address"),
    "braces": (message("/ondine/param/{dry_wet,noise}", "f", 0.5), "bad address"),
    "blank": (message("/ondine/param/dry wet", "f", 0.5), "bad address"),
    "not UTF-8": (message(b"/ondine/\xff\xfe\xc3\x28", "f", 0.5), "bad address"),
    "UTF-8": (message("/ondine/param/dry_wét", "f", 0.5), "bad address"),
    "no slash": (message("ondine/param/dry_wet", "f", 0.5), "bad address"),
    "long address": (message("/" + "a" * 500, "f", 0.5), "bad address"),
    "address without an end": (b"/ondine/", "bad address"),
    "dirty padding": (b"/abcd\0xx" + padded(b",f") + b"\0" * 4, "bad address"),
    "cut in the value": (GOOD[:-4], "bad length"),
    "cut, unaligned": (GOOD[:-3], "bad length"),
    "too long": (GOOD + b"\0" * 4, "bad length"),
    "tags without a comma": (padded(b"/a") + padded(b"f") + b"\0" * 4, "bad types"),
    "text without an end": (padded(b"/a") + padded(b",s") + b"abcd", "bad text"),
    "empty text": (padded(b"/a") + padded(b",s") + padded(b""), "bad text"),
    "text with a line feed": (padded(b"/a") + padded(b",s") + padded(b"a\nb"), "bad text"),
    "text that is not UTF-8": (padded(b"/a") + padded(b",s") + padded(b"\xff\xfe"), "bad text"),
    "dirty padding of a text": (padded(b"/a") + padded(b",s") + b"a\0xx", "bad text"),
    "text of 128": (padded(b"/a") + padded(b",s") + padded(b"a" * 128), "bad text"),
    "text and more": (padded(b"/a") + padded(b",s") + padded(b"x") + b"\0" * 4, "bad length"),
    "blob of -1": (padded(b"/a") + padded(b",b") + struct.pack(">i", -1), "bad types"),
    "open array": (padded(b"/a") + padded(b",[[f") + b"\0" * 4, "bad types"),
    "17 arguments": (message("/a", "T" * 17), "too many arguments"),
}
"""Refused as a whole, and the reason that is counted."""

REFUSED = {
    "NaN": (message("/ondine/param/dry_wet", "f", float("nan")), "not finite"),
    "Inf": (message("/ondine/param/dry_wet", "f", float("inf")), "not finite"),
    "-Inf, double": (message("/ondine/raw/dry_wet", "d", float("-inf")), "not finite"),
    "no argument": (message("/ondine/param/dry_wet"), "wrong arguments"),
    "no tags": (GOOD[:-8], "wrong arguments"),
    "two arguments": (message("/ondine/param/dry_wet", "ff", 0.5, 0.5), "wrong arguments"),
    "unknown address": (message("/ondine/param/dry", "f", 0.5), "unknown address"),
    "a latent it has not": (message("/ondine/param/latent_bias_9", "f", 0.5), "unknown address"),
    "a prefix": (message("/ondine/param/", "f", 0.5), "unknown address"),
    "text for a parameter": (
        padded(b"/ondine/param/dry_wet") + padded(b",s") + padded(b"0.5"),
        "wrong arguments",
    ),
    "text for a button": (
        padded(b"/ondine/panic") + padded(b",s") + padded(b"1"),
        "wrong arguments",
    ),
    "load without a name": (message("/ondine/load"), "wrong arguments"),
    "load of a number": (message("/ondine/load", "f", 1.0), "wrong arguments"),
    "panic of NaN": (message("/ondine/panic", "f", float("nan")), "not finite"),
}
"""Sound messages that say nothing usable."""

ALL_BAD = [
    pytest.param(packet, reason, id=name)
    for name, (packet, reason) in {**MALFORMED, **REFUSED}.items()
]
