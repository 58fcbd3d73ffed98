"""The audio process, in a hurry: `python -m device.audio`, with the options of `process.py`.

One that was killed has to sound again within a second, and most of that second goes into reading
Python and its libraries. So real-time priority is asked for before they are read, at its lowest:
what an ordinary program is busy with can wait.
"""

import contextlib
import os
import sys

if __name__ == "__main__":
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

    from device.audio.process import main

    sys.exit(main())
