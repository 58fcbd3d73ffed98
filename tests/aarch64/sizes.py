"""How much of the disk each installed distribution takes."""

import importlib.metadata
from pathlib import Path

from tests.aarch64.wheels import normal


def installed_bytes(target: Path) -> dict[str, int]:
    """Bytes by name of what lies in `target`, by each distribution's own list of files."""
    found = {}
    for distribution in importlib.metadata.distributions(path=[str(target)]):
        files = (Path(str(distribution.locate_file(f))) for f in distribution.files or ())
        found[normal(distribution.name)] = sum(f.stat().st_size for f in files if f.is_file())
    return found
