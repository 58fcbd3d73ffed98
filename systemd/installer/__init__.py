"""Turns a computer into an instrument, and back. `systemd/install` and `systemd/update` start it.

Python's standard library alone: it runs before anything is installed. Python and not a shell, for
it keeps a record, compares what is there with what should be, and undoes; and for its tests.
"""
