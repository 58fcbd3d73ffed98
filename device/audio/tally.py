"""The tally: what the loop counts, written into the shared status after every block."""

from device.audio.player import Player
from device.audio.stream import Stream
from device.status import BINS, SLOT, Status

OF_STREAM = ("xruns", "cards_lost", "headroom_frames")
OF_PLAYER = ("rung", "serial", "swaps", "padding_frames", "delay_frames")
"""What may change while it plays, told by whoever has it: not every stream and player does."""


class Tally:
    """Counts blocks, lateness, load and peaks into a `Status`."""

    def __init__(self, status: Status, stream: Stream, player: Player) -> None:
        """Write what does not change and take over the status' arrays."""
        self._status, self._player = status, player
        self._values, self._histogram = status.values, status.histogram
        self._blocks = self._late = self._limited = self._repaired = 0
        self._step_max_s = 0.0
        self._told = tuple(
            (SLOT[name], owner, name)
            for owner, names in ((stream, OF_STREAM), (player, OF_PLAYER))
            for name in names
            if hasattr(owner, name)
        )
        frames = min(stream.headroom_frames, stream.block_frames)
        self.deadline_s = frames / stream.sample_rate_hz
        """A step's deadline: the headroom, but at most one block, or blocks would pile up."""
        status["sample_rate_hz"] = stream.sample_rate_hz
        status["block_frames"] = stream.block_frames
        status["stopped"] = 0.0
        self._tell()

    def count(self, began_s: float, ended_s: float, reached: bool) -> None:
        """One block: its step lasted `began_s`..`ended_s`; `reached` if it was queued in time.

        A block is late if it missed its place, because of its step or because the loop was woken
        late. A step may outlast the deadline now and then and be in time, where the headroom is
        more than a block: the load tells.
        """
        values, player = self._values, self._player
        step_s = ended_s - began_s
        load = int(100.0 * step_s / self.deadline_s)
        self._histogram[load if load < BINS else BINS - 1] += 1.0
        self._blocks += 1
        self._late += not reached
        self._limited += bool(player.limited)
        self._repaired += bool(player.repaired)
        self._step_max_s = max(self._step_max_s, step_s)
        values[_HEARTBEAT] = ended_s
        values[_BLOCKS] = self._blocks
        values[_LATE] = self._late
        values[_STEP_LAST] = step_s
        values[_STEP_MAX] = self._step_max_s
        values[_PEAK_IN] = player.peak_in
        values[_PEAK_OUT] = player.peak_out
        values[_LIMITED] = self._limited
        values[_REPAIRED] = self._repaired
        self._tell()
        if self._blocks == 1:
            self._status["first_block_s"] = ended_s - self._status["started_s"]

    def _tell(self) -> None:
        values = self._values
        for slot, owner, name in self._told:
            values[slot] = getattr(owner, name)


_HEARTBEAT, _BLOCKS, _LATE = (SLOT[name] for name in ("heartbeat_s", "blocks", "late_blocks"))
_STEP_LAST, _STEP_MAX, _PEAK_IN, _PEAK_OUT, _LIMITED, _REPAIRED = (
    SLOT[name]
    for name in (
        "step_last_s",
        "step_max_s",
        "peak_in",
        "peak_out",
        "limited_blocks",
        "repaired_blocks",
    )
)
