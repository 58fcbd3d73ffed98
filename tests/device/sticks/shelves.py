"""Shelves that fail: one in memory that remembers what was done, one real that fails at a step."""

import hashlib
from dataclasses import dataclass

from device.sticks.shelf import ModelShelf
from tests.device.mapping.crashes import MemoryDisk


@dataclass
class MemoryShelf(MemoryDisk):
    """A `device.sticks.shelf.Shelf` in memory, for `tests.device.mapping.crashes.crashes`."""

    free: int = 1 << 40

    def free_bytes(self):
        return self.free

    def fill(self, name, pieces):
        self.write(name, b"".join(pieces))

    def sha256(self, name):
        return hashlib.sha256(self.files[name]).hexdigest()


class FailingShelf(ModelShelf):
    """A real folder whose `at`th step fails with an error number."""

    def __init__(self, path, at, number):
        super().__init__(path)
        self.steps, self._at, self._number = 0, at, number

    def _step(self):
        self.steps += 1
        if self.steps == self._at:
            raise OSError(self._number, "failed")

    def free_bytes(self):
        self._step()
        return super().free_bytes()

    def fill(self, name, pieces):
        self._step()
        super().fill(name, self._counted(pieces))

    def _counted(self, pieces):
        for piece in pieces:
            yield piece
            self._step()

    def sha256(self, name):
        self._step()
        return super().sha256(name)

    def names(self):
        self._step()
        return super().names()

    def rename(self, old, new):
        self._step()
        super().rename(old, new)

    def sync(self):
        self._step()
        super().sync()
