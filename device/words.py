"""Words for players: the nearest name to a slip of the finger, and text that is safe to print."""

import difflib
from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean x?` where a word is close to one of `words`, else nothing."""
    # A long word would make difflib slow, and is no slip of the finger.
    near = difflib.get_close_matches(word, words, 1) if len(word) <= 64 else []
    return f"; did you mean {near[0]}?" if near else ""


def sentence(words: object) -> str:
    """An error's words, or others, as a sentence: with a capital and one full stop. Nothing stays
    nothing."""
    text = str(words).strip().rstrip(". ")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def printable(text: str) -> str:
    """Text of strangers (a bundle's name, a file's) without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
