"""What a player can do about a box's power: as data. None of it may come from the network."""

from device.play.acts import ActSpec

SHUTDOWN = ActSpec(
    "box/shutdown", "Fade out, save, and switch the box off; then it may be unplugged.", local=True
)
RESTART = ActSpec("box/restart", "Fade out, save, and start the box again.", local=True)
POWER_ACTS = (SHUTDOWN, RESTART)
