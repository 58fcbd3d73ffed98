"""What others may order while it plays, over the control socket or OSC.

    {"command": "load", "bundle": "/…/glass.ondine", "latency": "keep", "precision": "auto"}
    {"command": "keep"}                 more may be said; it is handed on
    {"command": "act", "name": "scene/recall", "arguments": [3]}     see `acts.py`
    {"command": "stop"}

Who asks over the socket is answered with a sentence. OSC has nobody to answer; the screen tells.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from device.errors import ControlError, OndineError
from device.play.acts import Acts
from device.play.swap import Swap
from device.words import nearest, sentence

LATENCIES = ("keep", "free")
PRECISIONS = ("auto", "fp32", "int8")

Keep = Callable[[Mapping[str, Any]], Awaitable[str]]


class Orders:
    """Sees to requests: `swap` loads, `keep` keeps, `stop` ends the performance."""

    def __init__(
        self,
        swap: Swap,
        *,
        acts: Acts,
        keep: Keep,
        stop: Callable[[], None],
        say: Callable[[str], None],
        done: Callable[[], None] = lambda: None,
    ) -> None:
        """`done` is called after every act."""
        self._swap, self._acts = swap, acts
        self._keep, self._stop, self._say = keep, stop, say
        self._done = done
        self._begun: set[asyncio.Task[None]] = set()

    async def obey(self, request: Mapping[str, Any]) -> str:
        """Do what is asked for; returns a sentence.

        Raises:
            OndineError: with the reason, if it cannot be done.
        """
        command = request["command"]
        if command in ("load", "keep"):
            said = await (self._load if command == "load" else self._keep)(request)
            self._say(said)
            return said
        if command == "act":
            return await self._act(request)
        if command == "stop":
            self._stop()
            return "Stopping."
        near = nearest(str(command), ("load", "keep", "act", "stop"))
        raise ControlError(f"there is no command {str(command)[:40]!r}{near}")

    def begin(self, command: str, **more: object) -> None:
        """Have something done for somebody who waits for no answer."""
        self.tell(self.obey({"command": command, **more}))

    def load_named(self, name: str) -> None:
        """Load an instrument by its name alone: who is in the network names no files of ours."""
        if "/" in name or name.startswith("."):
            self._say(f"Not loaded: {name[:40]!r} is not a name; send that of an instrument.")
        else:
            self.begin("load", bundle=name)

    def perform(self, name: str, arguments: Sequence[object] = ()) -> None:
        """Have an act done for somebody who waits for no answer."""
        self.begin("act", name=name, arguments=list(arguments))

    def perform_all(self, lines: Sequence[Sequence[object]]) -> None:
        """Have several done, one after another; each is an act's name and its arguments."""

        async def perform() -> None:
            for name, *arguments in lines:
                await self.obey({"command": "act", "name": name, "arguments": arguments})

        self.tell(perform())

    def press(self, line: str) -> None:
        """Have an act done that a button is for, as its patch writes it."""
        try:
            spec, arguments = self._acts.read(line)
        except ControlError as error:
            self._say(f"A button does nothing: {error}.")
        else:
            self.perform(spec.name, arguments)

    def tell(self, work: Awaitable[object]) -> None:
        """Run `work`, and tell the screen if it fails."""
        task = asyncio.ensure_future(self._told(work))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _told(self, work: Awaitable[object]) -> None:
        try:
            await work
        except OndineError as error:
            self._say(sentence(error))

    async def _act(self, request: Mapping[str, Any]) -> str:
        name, arguments = request.get("name"), request.get("arguments", [])
        if not isinstance(name, str) or not isinstance(arguments, list):
            raise ControlError(
                'an act has a name and arguments, such as {"command": "act", '
                '"name": "scene/recall", "arguments": [3]}'
            )
        said = await self._acts.do(name, arguments)
        self._done()
        if said:
            self._say(said)
        return said

    async def _load(self, request: Mapping[str, Any]) -> str:
        bundle = request.get("bundle")
        latency, precision = request.get("latency", "keep"), request.get("precision")
        if not isinstance(bundle, str) or not bundle or "\0" in bundle:
            raise ControlError(
                'load needs a bundle, such as {"command": "load", "bundle": "drift"}'
            )
        if latency not in LATENCIES:
            raise ControlError(f"latency is {str(latency)[:40]!r}; it may be keep or free")
        if precision is not None and precision not in PRECISIONS:
            raise ControlError(
                f"precision is {str(precision)[:40]!r}; it may be {', '.join(PRECISIONS)}"
            )
        return await self._swap.load(bundle, precision=precision, latency=latency)
