"""Pickup, or soft takeover: a control that stands elsewhere than its parameter waits for it.

After something else has moved the parameter (a scene, a phone, a start), the control does nothing
until what it asks for comes within 5 % of where the parameter stands, or crosses it:

    parameter  ──────────────────╮ picked up
    control    ____────‾‾‾‾──────┴──‾‾‾

A hand is fast: between two readings it may cross the parameter and be far beyond. Then the
parameter follows by 5 % a call, for it never jumps further than that.
"""

TOLERANCE = 0.05


class Pickup:
    """The state of one parameter's takeover. All values are raw, 0..1."""

    __slots__ = ("_wanted", "following", "waiting")

    def __init__(self) -> None:
        self.waiting = True
        """Whether the parameter is still someone else's."""
        self.following = False
        """Whether it was crossed, and is on its way: `follow` is to be called again."""
        self._wanted: float | None = None

    def wait(self) -> None:
        """Something else has moved the parameter."""
        self.waiting, self.following = True, False

    def jump(self) -> None:
        """The parameter goes to its control at once, wherever it is."""
        self.waiting = self.following = False

    def follow(self, wanted: float, stands: float) -> float:
        """Where the parameter goes now that its controls ask for `wanted`, and it `stands`."""
        last, self._wanted = self._wanted, wanted
        if not self.waiting:
            return wanted
        gap = wanted - stands
        if abs(gap) <= TOLERANCE:
            self.waiting = self.following = False
            return wanted
        crossed = last is not None and (last - stands) * gap <= 0.0
        if not (self.following or crossed):
            return stands
        self.following = True
        return stands + TOLERANCE if gap > 0.0 else stands - TOLERANCE
