"""A disk that remembers what was done to it, and every state that a crash could leave behind.

As CrashMonkey does it: of the names that were changed since the last sync of the folder any subset
may have come to the disk, and a file that is being written holds any part. It is harsher than any
real file system, which keeps most of that in order.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass
class MemoryDisk:
    """A `device.mapping.disk.Disk` in memory. `log` is what was done, in order."""

    files: dict[str, bytes] = field(default_factory=dict)
    log: list[tuple[str, ...]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    """The data of each write in the log."""
    refuses: int = 0
    """The error number that every write fails with; 0: none."""

    def names(self):
        return sorted(self.files)

    def read(self, name, most_bytes):
        if name not in self.files:
            raise FileNotFoundError(2, "No such file or directory")
        return self.files[name][: most_bytes + 1]

    def write(self, name, data):
        self._may()
        self.log.append(("write", name))
        self.written.append(data)
        self.files[name] = data

    def rename(self, old, new):
        self._may()
        self.log.append(("rename", old, new))
        self.files[new] = self.files.pop(old)

    def remove(self, name):
        if name in self.files:
            self._may()
            self.log.append(("remove", name))
            del self.files[name]

    def sync(self):
        self.log.append(("sync",))

    @contextlib.contextmanager
    def alone(self):
        self._may()
        yield

    def _may(self):
        if self.refuses:
            raise OSError(self.refuses, "refused")


@dataclass(frozen=True)
class Crash:
    """A state that is found after a crash; `done` says how much of the log came before it."""

    done: int
    files: dict[str, bytes]


def crashes(before: Mapping[str, bytes], disk: MemoryDisk) -> Iterator[Crash]:
    """Every state that a crash during `disk.log` could leave, if `before` was there, for ever."""
    inodes = list(before.values())
    lasting = {name: i for i, name in enumerate(before)}
    names, pending = dict(lasting), []
    data = iter(disk.written)
    for number, (what, *args) in enumerate(disk.log):
        if what == "sync":
            yield from _states(number, lasting, pending, inodes)
            lasting, pending = dict(names), []
            continue
        if what == "write":
            new, (name,) = next(data), args
            if name not in names:
                names[name] = len(inodes)
                pending.append(("make", name, names[name]))
                inodes.append(b"")
            at = names[name]
            for part in (inodes[at], b"", new[: len(new) // 2], new[:-1], new):
                torn = [*inodes[:at], part, *inodes[at + 1 :]]
                yield from _states(number, lasting, pending, torn)
            inodes[at] = new
        elif what == "rename":
            old, new_name = args
            names[new_name] = names.pop(old)
            pending.append(("rename", old, new_name, names[new_name]))
        else:
            pending.append(("remove", args[0], names.pop(args[0])))
        yield from _states(number, lasting, pending, inodes)
    yield from _states(len(disk.log), lasting, pending, inodes)


def _states(done, lasting, pending, inodes):
    for size in range(len(pending) + 1):
        for some in itertools.combinations(pending, size):
            names = dict(lasting)
            for what, name, *rest in some:
                if what == "make":
                    names[name] = rest[0]
                elif what == "rename":
                    names.pop(name, None)
                    names[rest[0]] = rest[1]
                else:
                    names.pop(name, None)
            yield Crash(done, {name: inodes[i] for name, i in names.items()})
