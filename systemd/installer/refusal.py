"""Why something cannot be done: a sentence for whoever holds the box, never a traceback."""

import errno


class RefusalError(Exception):
    """Says what was found, and what to do."""


def of_system(error: OSError) -> RefusalError:
    """The sentence for what the system would not do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RefusalError(
            "the disk is full. What was there before is untouched; make room, and start this again"
        )
    if error.errno == errno.EROFS:
        return RefusalError(
            f"{error.filename} lies on a read-only disk. Make it writable (docs/box.md says how), "
            "and start this again"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return RefusalError(f"{error.filename} may not be written. Start this with sudo")
    return RefusalError(f"{error.filename or 'a file'}: {error.strerror}")
