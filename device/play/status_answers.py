"""How it is going, as it is answered over OSC."""

from device.control.osc_reply import Answer
from device.errors import AudioError
from device.paths import RunFolder
from device.play.playing import Playing
from device.show.display import dropouts, latency_ms
from device.status import Status


def status_answers(folder: RunFolder, playing: Playing) -> list[Answer]:
    """One `/ondine/status/<name>` each."""
    try:
        status = Status(folder.status)
    except AudioError:
        return [("/ondine/status/playing", [0])]
    facts: dict[str, float | int | str] = {
        "playing": int(not status["stopped"]),
        "instrument": playing.name,
        "rung": int(status["rung"]),
        "trouble": status.text("trouble")[:200],
        "blocks": int(status["blocks"]),
        "dropouts": dropouts(status),
        "load": status.load_percentile(50),
        "load_p99": status.load_percentile(99),
        "latency_ms": latency_ms(status),
        "level_in": status["peak_in"],
        "level_out": status["peak_out"],
    }
    return [(f"/ondine/status/{name}", [value]) for name, value in facts.items()]
