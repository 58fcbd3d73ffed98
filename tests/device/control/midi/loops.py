"""A loop that knows how much processor time the longest of its callbacks took."""

import asyncio
import time


class TimedLoop(asyncio.SelectorEventLoop):
    """`worst_s` is thread time, so that no handler is blamed for a busy machine."""

    worst_s = 0.0

    def _timed(self, callback):
        def run(*args):
            start_s = time.thread_time()
            try:
                callback(*args)
            finally:
                self.worst_s = max(self.worst_s, time.thread_time() - start_s)

        return run

    def call_at(self, when, callback, *args, context=None):
        return super().call_at(when, self._timed(callback), *args, context=context)

    def add_reader(self, fd, callback, *args):
        return super().add_reader(fd, self._timed(callback), *args)
