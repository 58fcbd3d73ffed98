"""Another instrument comes in while this one plays: what control does for it.

    asked for ─► found, admitted (in a thread) ─► "load" ─► audio warms it, and crossfades to it
                                                              │ status: serial, or refused
    screen, OSC addresses, record ◄─ parameters' defaults ◄───┘

One at a time; of those that wait only the newest is let in. Where it fails at any point, everything
stays as it was, and a sentence says why.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from device.admission.admit import Admit
from device.audio.start import write_start
from device.bundle import open_bundle
from device.control.desk import Desk
from device.errors import AudioError, BundleError, ControlError
from device.manifest import Manifest, fingerprint
from device.params import specs_of
from device.paths import RunFolder, built_in, find_bundle
from device.play.datagram import send
from device.play.playing import Playing, write_playing
from device.show.display import latency_ms
from device.status import Status

REMEMBER_S = 3.0
LIMIT_S = 30.0
"""A large model on a slow card is read and warmed in less."""
_POLL_S = 0.02

Latency = Literal["keep", "free"]


@dataclass(frozen=True)
class Begin:
    """What an instrument begins with: parameters in units, by id, and packed caches."""

    values: Mapping[str, float]
    caches: bytes | None = None
    seed: int | None = None


class Swap:
    """What plays, and how another comes in its place. `changed` is called after each change."""

    def __init__(
        self,
        folder: RunFolder,
        desk: Desk,
        playing: Playing,
        *,
        last_serial: int = 0,
        admit: Admit,
        precision: Callable[[Manifest, str | None], str],
        changed: Callable[[Playing], None],
    ) -> None:
        self.playing = playing
        self.refusing = ""
        """Why no bundle may be loaded just now; '' if they may."""
        self._folder, self._desk = folder, desk
        self._admit, self._precision, self._changed = admit, precision, changed
        self._turn, self._remembering = asyncio.Lock(), asyncio.Lock()
        self._asked = 0
        # A serial is never used twice, not even one that was refused.
        self._serial = max(playing.serial, last_serial)
        self._ticket = 0
        self._sent: Playing | None = None
        self._values: Mapping[str, float] = {}
        self._pid = 0.0

    async def load(
        self,
        wanted: str,
        *,
        precision: str | None = None,
        latency: Latency = "keep",
        begin: Begin | None = None,
    ) -> str:
        """Have a bundle take the place of the one that plays; returns what to tell the player.

        It begins with its defaults, or as `begin` says.

        Raises:
            OndineError: if it cannot; the one that plays goes on.
        """
        self._asked += 1
        mine = self._asked
        async with self._turn:
            self._still_wanted(mine, wanted)
            path, manifest, sha = await asyncio.to_thread(self._admitted, wanted)
            self._still_wanted(mine, wanted)
            chosen = self._precision(manifest, precision)
            self._serial += 1
            status = Status(self._folder.status)
            before_ms = latency_ms(status)
            self._pid = status["pid"]
            more = await asyncio.to_thread(self._start, manifest, begin)
            self._still_wanted(mine, wanted)
            self._values = {} if begin is None else begin.values
            self._sent = dataclasses.replace(
                self.playing,
                bundle=path,
                manifest=manifest,
                serial=self._serial,
                precision=chosen,
                instead="",
                seed=self.playing.seed if begin is None or begin.seed is None else begin.seed,
            )
            if not send(
                self._folder.socket,
                "load",
                bundle=str(path),
                serial=self._serial,
                fingerprint=sha,
                precision=chosen,
                latency=latency,
                seed=self._sent.seed,
                **more,
            ):
                self._sent = None
                raise AudioError("the sound is just being started; load it again in a moment")
            await self._outcome(status)
        after_ms = latency_ms(status)
        moved = f", {after_ms:.1f} ms from in to out" if abs(after_ms - before_ms) >= 0.05 else ""
        return f"Now playing {manifest.name}{moved}."

    async def caches(self) -> bytes:
        """What the model that plays remembers now, packed as for a scene.

        Raises:
            OndineError: if it cannot be had.
        """
        path = self._folder.path / "caches.npz"
        async with self._remembering:
            status = Status(self._folder.status)
            ticket = self._ticket = max(self._ticket, int(status["remembered"])) + 1
            path.unlink(missing_ok=True)
            if send(self._folder.socket, "remember", file=str(path), ticket=ticket):
                ends_s = time.monotonic() + REMEMBER_S
                while status["remembered"] != ticket and time.monotonic() < ends_s:
                    await asyncio.sleep(_POLL_S)
            try:
                data = await asyncio.to_thread(path.read_bytes)
                path.unlink(missing_ok=True)
            except OSError:
                raise ControlError(
                    "what the model remembers cannot be had just now; save without it, or try again"
                ) from None
        return data

    def settle(self) -> str:
        """Look for the outcome of a load that was not waited for so long; returns what to say."""
        if self._sent is None or self._turn.locked():
            return ""
        name = self._sent.name
        try:
            done = self._look(Status(self._folder.status))
        except AudioError as error:
            return f"{name} was not loaded: {error}."
        return f"Now playing {name}." if done else ""

    def fall_back(self) -> bool:
        """Put the built-in instrument in the place of one that audio keeps dying of.

        For when no audio process runs. False if that is what plays, or there is none.
        """
        path = built_in()
        try:
            if path is None or (manifest := open_bundle(path).manifest) == self.playing.manifest:
                return False
        except BundleError:
            return False
        self._serial += 1
        self._sent = None
        self._accept(
            dataclasses.replace(
                self.playing,
                bundle=path,
                manifest=manifest,
                serial=self._serial,
                precision="auto",
                instead=f"{self.playing.name} brought the sound down again and again",
            )
        )
        return True

    def _admitted(self, wanted: str) -> tuple[Path, Manifest, str]:
        path = find_bundle(wanted).resolve()
        manifest = self._admit(path)
        return path, manifest, fingerprint(manifest)

    def _still_wanted(self, mine: int, wanted: str) -> None:
        if mine != self._asked:
            raise ControlError(f"{wanted} was not loaded: another was asked for after it")
        if self.refusing:
            raise ControlError(self.refusing)

    async def _outcome(self, status: Status) -> None:
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + LIMIT_S
        while not self._look(status):
            if loop.time() > ends_s:
                assert self._sent is not None
                raise AudioError(
                    f"{self._sent.name} was not ready within {LIMIT_S:.0f} s. If it still gets "
                    "there, it will play then"
                )
            await asyncio.sleep(_POLL_S)

    def _look(self, status: Status) -> bool:
        """Whether what was sent plays now.

        Raises:
            AudioError: if audio refused it, or died of it.
        """
        sent = self._sent
        if sent is None or status["pid"] != self._pid:
            self._sent = None
            raise AudioError("the audio process ended while it was loading; it is started again")
        if status["serial"] == sent.serial:
            self._sent = None
            self._accept(sent, self._values)
            return True
        if status["refused"] == sent.serial:
            self._sent = None
            raise AudioError(status.text("load_error").rstrip(". ") or "the sound refused it")
        return False

    def _start(self, manifest: Manifest, begin: Begin | None) -> dict[str, str]:
        """The file that a load begins with, if it does not begin with its defaults."""
        if begin is None:
            return {}
        # A file for each load: one that outlasts its limit still reads its own.
        path = self._folder.path / f"start-{self._serial}.npz"
        specs = specs_of(manifest)
        values = {specs[i].slot: specs[i].clamp(v) for i, v in begin.values.items() if i in specs}
        write_start(path, values, begin.caches)
        return {"start": str(path)}

    def _accept(self, playing: Playing, values: Mapping[str, float] | None = None) -> None:
        self._desk.change(specs_of(playing.manifest), playing.serial, values)
        # A timeline is for one instrument; it ends with it.
        self.playing = dataclasses.replace(playing, began_s=None)
        write_playing(self._folder.playing, self.playing)
        self._changed(self.playing)
