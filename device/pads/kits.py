"""Where kits are kept: with the player's other things, by name."""

import os
from collections.abc import Mapping
from pathlib import Path


def kits_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`$ONDINE_KITS`, or `ondine/kits` in the folder for this user's data."""
    if own := environment.get("ONDINE_KITS"):
        return Path(own)
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(data) / "ondine/kits"
