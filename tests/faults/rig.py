"""The card's fault rig: `player.py` on simulated cards, and proof that it sounds as it should.

    with Rig(folder, speed=8.0) as rig:
        rig.sounds(since=0)                   it plays, at its exact distance
        rig.card.kick("playback")             … a fault …
        rig.sounds(since=rig.card.fired_at("pointer", "playback"))

What the card hears are the numbers of its frames, and the player hands them on unchanged. So every
frame of the output tells how old it is, and "it sounds again" is no guess: after the fault the card
was started afresh; nothing was heard from that start until the first frame of the input came out
again, block + headroom later; and from there on every frame is as old as it must be.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from device.audio.loop import FADE_S
from device.params import ParamTable
from device.status import Status
from tests.simcard.simcard import SimCard

ROOT = Path(__file__).parents[2]
RATE_HZ = 48_000
FADE_FRAMES = round(FADE_S * RATE_HZ)
FRAMES = 1 << 20
"""Length of the ring tapes. A number of a frame has 20 bits, of the 24 that float32 carries."""
NUMBER_BITS = 9
DELAY_FRAMES = 37
LIMIT_S = 20.0


class Rig:
    """One player in a process of its own, its cards, and the list of cards that it sees."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        block: int = 512,
        headroom: int = 2048,
        speed: float = 4.0,
        spare: bool = False,
        before: Callable[[SimCard], None] = lambda card: None,
        grants: Mapping[str, Any] = MappingProxyType({}),
        real: bool = False,
    ) -> None:
        """Plug in the card `sim` (and `spare`, second in the list), do what is to be done to it
        `before` the player starts, and start the player. What the cards `grants` are options of
        `SimCard`. `real`: the player is the whole audio process, with its watch and its ladder."""
        self.folder = folder
        self.block, self.headroom, self.speed = block, headroom, speed
        self.age = block + headroom + DELAY_FRAMES
        """How many frames after it was heard a frame comes out."""
        for kept in ("said", "status", "params", "proc", "errors"):
            path = folder / kept
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        own = {"rate_hz": RATE_HZ, "speed": speed, **grants}
        self.card = numbered(folder, "sim", **own)
        self.spare = numbered(folder, "spare", **own) if spare else None
        self.list_cards({card.name: n for n, card in enumerate(self.cards)})
        before(self.card)
        self._real = real
        command = self._real_command() if real else self._command()
        with (folder / "errors").open("w") as errors:
            self._process = subprocess.Popen(
                [*command, *options],
                cwd=ROOT,
                env=self.card.environment(*self.cards[1:]),
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        self._ended = os.pidfd_open(self._process.pid)

    def _command(self) -> list[str]:
        given = {"cards": "sim,spare", "block": self.block, "headroom": self.headroom}
        given |= {"delay": DELAY_FRAMES, "speed": self.speed}
        command = [sys.executable, "-m", "tests.faults.player", str(self.folder)]
        return command + [
            part for name, value in given.items() for part in (f"--{name}", str(value))
        ]

    def _real_command(self) -> list[str]:
        ParamTable(self.folder / "params", create=True)
        given = {"bundle": "none.ondine", "card": "sim", "headroom": self.headroom}
        given |= {"speed": self.speed}
        given |= {name: self.folder / name for name in ("params", "status", "socket")}
        command = [sys.executable, str(ROOT / "tests" / "device" / "audio" / "dry_process.py")]
        command += [str(RATE_HZ), str(self.block), "1", str(DELAY_FRAMES), "-1", "0", "--"]
        command += [part for name, value in given.items() for part in (f"--{name}", str(value))]
        return [*command, "--patient"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cards(self) -> list[SimCard]:
        """The cards, best first."""
        return [self.card, self.spare] if self.spare else [self.card]

    @property
    def said(self) -> list[str]:
        """Why there was no sound, sentence by sentence; '' where it came back (but not `real`)."""
        if self._real:
            return self.errors.splitlines()
        try:
            return (self.folder / "said").read_text().splitlines()
        except FileNotFoundError:
            return []

    def status(self) -> Status:
        """The player's status."""
        return Status(self.folder / "status")

    def wait_for(self, condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
        """Return once `condition` holds; fail, naming `what`, if the player ends or time is up."""
        ends_s = time.monotonic() + limit_s
        while not condition():
            ended, _, _ = select.select([self._ended], [], [], 0.002)
            late = time.monotonic() > ends_s
            if (ended or late) and not condition():
                end = "the player ended" if ended else f"{limit_s:.0f} s passed"
                raise AssertionError(f"{end} before {what}; it said {self.said[-4:]} {self.errors}")

    def sounds(self, since: int, card: SimCard | None = None) -> int:
        """Wait until it sounds as it must after a start of its input later than frame `since`.

        Returns the card frame at which the first frame of the input came out again.
        """
        heard: list[int] = []
        self.wait_for(
            lambda: bool(heard.extend(self._heard_since(since, card or self.card)) or heard),
            "it sounded again",
        )
        return heard[0]

    def _heard_since(self, since: int, card: SimCard) -> list[int]:
        starts = played, captured = card.starts
        first = captured + self.block + self.headroom
        begin = first + FADE_FRAMES + DELAY_FRAMES
        now = card.frame_now()
        if captured <= since or now < begin + self.block:
            return []
        if now - played < FRAMES and card.heard(played, first).any():
            return []
        # A step that is late just then is covered in its place: later blocks are as good.
        latest = max(begin, now - 2 * self.block)
        for at, sounds_from in ((begin, first), (latest, latest)):
            sound = card.heard(at, at + self.block)
            expected = card.source[np.arange(at - self.age, at - self.age + self.block) % FRAMES]
            # Without the last look this might be half of an older start, and half of a newer one.
            if np.array_equal(sound, expected) and card.starts == starts:
                return [sounds_from]
        return []

    def plays_now(self) -> bool:
        """Whether what is heard in this moment is as old as it must be."""
        end = self.card.frame_now()
        frames = np.arange(end - self.block, end)
        expected = self.card.source[(frames - self.age) % FRAMES]
        return np.array_equal(self.card.heard(frames[0], end), expected)

    def silent(self, first: int, last: int, card: SimCard | None = None) -> bool:
        """Whether nothing was heard from card frame `first` up to `last`."""
        return not (card or self.card).heard(first, last).any()

    def list_cards(self, numbers: dict[str, int]) -> None:
        """Let the player see these cards, under these numbers."""
        proc, lines = self.folder / "proc", []
        for name, number in numbers.items():
            home = proc / f"card{number}"
            for direction in ("pcm0p", "pcm0c"):
                (home / direction).mkdir(parents=True, exist_ok=True)
            (home / "id").write_text(f"{name}\n")
            (home / "usbid").write_text("1234:5678\n")
            lines.append(f"{number:2d} [{name:<15}]: USB-Audio - {name}\n")
            lines.append(f"                      {name} at a simulated port\n")
        proc.mkdir(exist_ok=True)
        (proc / "cards.new").write_text("".join(lines) or "--- no soundcards ---\n")
        (proc / "cards.new").replace(proc / "cards")

    @property
    def errors(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "errors").read_text()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.end()

    def end(self) -> int:
        """Wait for the end; the exit status."""
        try:
            return self._process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def close(self) -> None:
        """End it, however it is."""
        try:
            if self._process.poll() is None:
                self.stop()
        finally:
            os.close(self._ended)


def numbered(folder: Path, name: str, **options: Any) -> SimCard:
    """A card with ring tapes whose input hears the number of every frame, in both channels."""
    card = SimCard(folder, name=name, frames=FRAMES, ring=True, **options)
    card.source[:] = (np.arange(FRAMES, dtype=np.int32) << NUMBER_BITS)[:, None]
    return card
