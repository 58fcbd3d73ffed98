"""What a map has learned, kept up with its pairs: how far it is from them, and its network.

pairs change ──► measured in a thread
            └──► trained in a thread (kind network) ──► the map goes on with what came of it
"""

import asyncio
from collections.abc import Awaitable, Callable

from device.errors import ControlError
from device.mapping.learned import LearnedMap
from device.mapping.network import Plan
from device.maps.training import Trained, Trainer
from device.maps.versions import Versions
from device.maps.words import pairs_of, percent
from device.words import sentence


class School:
    """Without a loop it measures, but does not train."""

    def __init__(
        self, versions: Versions, turn: asyncio.Lock, *, say: Callable[[str], None], plan: Plan
    ) -> None:
        """`turn` is held while a map is followed by another; `say` hears what was learned."""
        self.errors: dict[str, float] = {}
        """How far the map is from its pairs, by target: root mean square, raw 0..1."""
        self.trained: Trained | None = None
        """What was learned last."""
        self._versions, self._turn, self._say = versions, turn, say
        self._trainer = Trainer(self._learned, plan)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def progress(self) -> float | None:
        """The share of a training that is done, 0..1; None if none runs."""
        return self._trainer.progress

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Train from now on."""
        self._loop = loop

    def close(self) -> None:
        """Train no more."""
        self._loop = None
        self._trainer.stop()

    def take_up(self, map: LearnedMap) -> None:
        """A map that came from elsewhere, such as a scene: nothing is known of it."""
        self.errors, self.trained = {}, None
        self.follow(map)
        self._soon(self.measure(map))

    def follow(self, map: LearnedMap) -> None:
        """Train for this map if it wants that."""
        if self._loop is not None and map.wants_training:
            self._trainer.begin(map, self._loop)
        else:
            self._trainer.stop()

    async def measure(self, map: LearnedMap) -> None:
        """Find its errors, unless another has taken its place by then."""
        errors = await asyncio.to_thread(map.fit_error)
        if self._versions.now is map:
            self.errors = errors

    def _learned(self, trained: Trained) -> None:
        self._soon(self._swap(trained))

    async def _swap(self, trained: Trained) -> None:
        """The network plays from now on, if it is still wanted."""
        async with self._turn:
            map = self._versions.now
            if map is None or not map.wants_training or map.dataset != trained.taught:
                return
            if not trained.sound:
                self._say("The network could not learn this; another seed or kind may.")
                return
            self.trained = trained
            await self._versions.edit(
                lambda m: m.swap(trained.network, trained.taught, None, 0.0), step=False
            )
        others = ""
        if trained.held_out is not None:
            others = f", {percent(trained.held_out)} on pairs it had not seen"
        self._say(
            f"The network has learned {pairs_of(map)}: fit error {percent(trained.fit)}{others}."
        )

    def _soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Awaitable[None]) -> None:
        try:
            await work
        except ControlError as error:
            self._say(sentence(error))
