"""A probe: what the audio process would be granted if it were started from here, now."""

import json
import resource

from device.audio import realtime


def main() -> None:
    """Print the sentences of what is refused, '' for what is granted, and the limit in µs or -1."""
    limit_us, _ = resource.getrlimit(resource.RLIMIT_RTTIME)
    unlimited = limit_us == resource.RLIM_INFINITY
    said = {
        "memory": realtime.lock_memory(),
        # The highest of the two priorities that audio asks for.
        "priority": realtime.take_priority(realtime.WATCH_PRIORITY),
        "rttime_us": -1 if unlimited else limit_us,
    }
    realtime.step_back()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
