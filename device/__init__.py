"""What runs on the box: the streaming engine, its audio process and its control sources."""

__version__ = "0.1.0"
