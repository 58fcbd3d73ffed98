"""Bundles that were made to do harm: each an actual file, each with a name."""
