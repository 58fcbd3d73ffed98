"""Wires and what they end in: the compiled form of routes and macros, which the mapper drives.

A target's raw value is its base and what is added to it, clamped:

    wire set ─┐
    wire set ─┴─► Σ ─► pickup ─► base ─┐
    wire add ──────────────────────────┴─► Σ ─► raw ─► (of a macro) wires
"""

from device.mapping.curve import Curve, function
from device.mapping.pickup import Pickup


class Wire:
    """One route or one move of a macro, ready to be heard."""

    __slots__ = ("add", "at", "end", "start", "target", "value")

    def __init__(
        self, target: "Target", span: tuple[float, float], curve: Curve, add: bool
    ) -> None:
        self.target = target
        self.start, self.end = span
        self.at = None if curve.kind == "linear" else function(curve)
        self.add = add
        self.value: float | None = None
        """What it contributes; None before its source was heard."""

    def hear(self, x: float) -> None:
        y = self.at(x) if self.at else x
        # Weighed, not stepped from the start: that is exact at both ends.
        self.value = self.start * (1.0 - y) + self.end * y


class Target:
    """One parameter or macro that wires end in; of a macro, wires begin here as well."""

    __slots__ = (
        *("adds", "moves", "sets"),
        *("base", "id", "jumps", "moved", "pickup", "raw", "when_s", "who"),
    )

    def __init__(self, id: str, raw: float) -> None:
        self.id = id
        self.sets: list[Wire] = []
        self.adds: list[Wire] = []
        self.moves: list[Wire] = []
        self.base = self.raw = raw
        self.pickup = Pickup()
        self.moved = False
        """Whether one of `sets` has changed since the last look."""
        self.jumps = False
        """Whether what moved it last takes its parameter over at once."""
        self.who, self.when_s = "", 0.0

    def ask(self, wire: Wire, jumps: bool) -> None:
        """One of `sets` is about to be heard."""
        self.moved = True
        if jumps:
            self.pickup.jump()
        elif wire.value is None:
            # Where this control stands was not known until now: it must not jump in.
            self.pickup.wait()

    def settle(self) -> bool:
        """Find its base and raw value anew; True if the raw value has changed."""
        if self.moved or self.pickup.following:
            self.moved = False
            wanted = 0.0
            for wire in self.sets:
                if wire.value is not None:
                    wanted += wire.value
            self.base = self.pickup.follow(min(max(wanted, 0.0), 1.0), self.base)
        raw = self.base
        if self.adds:
            for wire in self.adds:
                if wire.value is not None:
                    raw += wire.value
            raw = min(max(raw, 0.0), 1.0)
        before, self.raw = self.raw, raw
        return raw != before
