"""What pictures are shown on: a chip on I2C, or a PNG file that anybody can look at."""

import os
from pathlib import Path
from typing import Any, Protocol

from device.control.panel.profile import DisplayProfile


class Glass(Protocol):
    """A display. Its methods raise OSError, or what its library raises, if it is gone."""

    def show(self, picture: Any) -> None:
        """Show a PIL image of mode "1" and of the display's size."""

    def close(self) -> None:
        """Dark, and let go of."""


class Oled:
    """An SSD1306 or SH1106 through luma.oled (`pip install 'ondine[oled]'`)."""

    def __init__(self, bus: int, profile: DisplayProfile) -> None:
        """Find it and switch it on.

        Raises:
            OSError: if it is not there, or the library is not installed.
        """
        try:
            from luma.core.error import DeviceNotFoundError
            from luma.core.interface.serial import i2c
            from luma.oled import device as chips
        except ImportError:
            raise OSError("luma.oled is not installed; pip install 'ondine[oled]'") from None
        try:
            self._chip = getattr(chips, profile.kind)(
                i2c(port=bus, address=profile.address),
                width=profile.width,
                height=profile.height,
                rotate=2 if profile.upside_down else 0,
            )
        except DeviceNotFoundError as error:
            raise OSError(str(error)) from None

    def show(self, picture: Any) -> None:
        """Show a picture; some 25 ms on a bus of 400 kHz."""
        self._chip.display(picture)

    def close(self) -> None:
        """Dark, and let go of."""
        self._chip.cleanup()


class KeptGlass:
    """A simulated one, in memory: `picture` is what stands on it."""

    def __init__(self) -> None:
        self.picture: Any = None

    @property
    def lit(self) -> bool:
        """Whether there is anything to be seen."""
        return self.picture is not None and self.picture.getbbox() is not None

    def show(self, picture: Any) -> None:
        """Show it."""
        self.picture = picture

    def close(self) -> None:
        """Dark."""
        self.picture = None


class PngGlass:
    """A simulated one: each picture replaces the file, as large as `zoom` makes it."""

    def __init__(self, path: Path, zoom: int = 4) -> None:
        self._path, self._zoom = path, zoom

    def show(self, picture: Any) -> None:
        """Write it, whole or not at all."""
        large = picture.resize((picture.width * self._zoom, picture.height * self._zoom))
        partial = self._path.with_name(f".{self._path.name}.partial")
        large.save(partial, format="PNG")
        partial.replace(self._path)

    def close(self) -> None:
        """It stays to be looked at."""


def simulated() -> Glass | None:
    """The file that `$ONDINE_DISPLAY` names, if it does."""
    path = os.environ.get("ONDINE_DISPLAY")
    return PngGlass(Path(path)) if path else None
