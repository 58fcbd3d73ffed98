"""Walking through a panel: one thing after the other is asked for until it was seen to work.

    ask ──► watch its signals ──► both ends, both ways, down and up ──► ✓
      │              └──► another one moved: its wires may be swapped
      └──► its part does not answer: why, and what to look at; it counts when it does

Time, keys and what shows it are passed in: this knows of no terminal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from device.control.panel.profile import PanelProfile
from device.gig.finding import Finding
from device.gig.panel_parts import PanelParts, advice
from device.gig.panel_tasks import Seen, Task, heard

TURN_S = 0.004
MOVED = 0.3
"""Of the way: so much is no noise on a neighbour's wire."""

Keys = Callable[[Task], str]
"""The key that was pressed since it was last asked, or "": y yes, n no, s skip, q stop."""
Eye = Callable[[Task], float]
"""Whether a light is on now, 1 or 0, where a program can see it."""


@dataclass(frozen=True)
class View:
    """What there is to show at one moment."""

    number: int
    count: int
    task: Task
    seen: Seen
    hint: str = ""


@dataclass
class Walk:
    """How a panel is walked through.

    `patience_s` is how long one thing may show nothing new: for ever, where somebody can press s.
    """

    panel: PanelProfile
    parts: PanelParts
    clock: Callable[[], float]
    wait: Callable[[float], None]
    keys: Keys
    tell: Callable[[View], None]
    told: Callable[[Finding], None]
    patience_s: float
    eye: Eye | None = None
    values: dict[str, float] = field(default_factory=dict)

    def through(self, all_tasks: Sequence[Task]) -> list[Finding]:
        """Ask for everything in turn; one finding for each."""
        findings: list[Finding] = []
        names = {task.name: task for task in all_tasks if task.manner != "light"}
        given_up: set[str] = set()
        over = False
        for number, task in enumerate(all_tasks, 1):
            if over:
                findings.append(_worry(task, "not tried"))
                continue
            self._turn()
            finding, over = self._one(task, number, len(all_tasks), names, given_up)
            findings.append(finding)
            self.told(finding)
        return findings

    def _turn(self) -> list[str]:
        """Read everything once; the names that spoke."""
        found = self.parts.turn(self.clock())
        for signal in found:
            self.values[signal.name] = signal.value
        return [signal.name for signal in found]

    def _one(
        self, task: Task, number: int, count: int, names: dict[str, Task], given_up: set[str]
    ) -> tuple[Finding, bool]:
        """One task until it is done or given up, and whether the walk is over."""
        seen = self._begin(task)
        before = dict(self.values)
        since_s = self.clock()
        self.parts.lights.chosen = task.name if task.manner == "light" else ""
        while True:
            was = seen
            if task.name in self._turn():
                seen = heard(task, seen, self.values[task.name])
            trouble = self.parts.trouble(task.part)
            if task.manner == "light" and self.eye is not None and not trouble:
                seen = heard(task, seen, self.eye(task))
            hint = self._hint(task, seen, before, names)
            self.tell(View(number, count, task, seen, hint))
            if (seen.low, seen.high) != (was.low, was.high):
                since_s = self.clock()
            key = self.keys(task)
            if seen.done or (key == "y" and task.manner == "light" and not trouble):
                given_up.discard(task.part)
                return Finding(task.name, "fine", task.where), False
            late = self.clock() - since_s > (0.0 if task.part in given_up else self.patience_s)
            if key in ("s", "q") or late or (key == "n" and task.manner == "light"):
                if trouble:
                    given_up.add(task.part)
                return self._given_up(task, seen, hint), key == "q"
            self.wait(TURN_S)

    def _begin(self, task: Task) -> Seen:
        """A knob may stand at one of its ends already; an encoder has been turned before."""
        last = self.values.get(task.name)
        if last is None:
            return Seen()
        return heard(task, Seen(), last) if task.manner == "span" else Seen(last=last)

    def _hint(
        self, task: Task, seen: Seen, before: dict[str, float], names: dict[str, Task]
    ) -> str:
        """What is wrong, as far as can be told from here."""
        if trouble := self.parts.trouble(task.part):
            part = task.part.split(" (")[0]
            words = f"{part[0].upper()}{part[1:]} does not answer: {trouble}."
            todo = advice(task.bus, trouble, self.panel)
            return f"{words} {todo}." if todo else words
        if said := self.parts.said(task.name):
            return f"{said}."
        if task.manner == "light" or seen.low or seen.high:
            return ""
        own = abs(self.values.get(task.name, 0.0) - before.get(task.name, 0.0))
        for name, other in names.items():
            # Sensors move by themselves.
            still = name == task.name or other.alone or name not in before
            far = MOVED if other.manner == "span" else 0.01
            if not still and abs(self.values[name] - before[name]) > far and own < MOVED:
                return f"{name} moved instead: compare the wires of both with the drawing."
        return ""

    def _given_up(self, task: Task, seen: Seen, hint: str) -> Finding:
        if self.parts.trouble(task.part):
            return Finding(task.name, "stop", f"{hint} Wired to: {task.where}.")
        if task.manner == "light":
            return _worry(task, "was not seen to blink alone")
        ends = {"span": ("low end", "high end"), "turn": ("one way", "the other way")}
        low, high = ends.get(task.manner, ("let go", "pressed"))
        missing = [word for word, there in ((low, seen.low), (high, seen.high)) if not there]
        return _worry(task, f"not seen: {' and '.join(missing)}.{f' {hint}' if hint else ''}")


def _worry(task: Task, words: str) -> Finding:
    return Finding(task.name, "worry", f"{words.rstrip('.')}. Wired to: {task.where}.")
