"""The sticks of this computer: where they are mounted, and where instruments go."""

from collections.abc import Callable

from device.paths import admitted_file, bundles
from device.sticks.found import sticks_folder
from device.sticks.shelf import ModelShelf, own_models
from device.sticks.sticks import Sticks


def open_sticks(say: Callable[[str], None], taken: Callable[[], None] = lambda: None) -> Sticks:
    """Sticks that are checked as every bundle is, and whose instruments are played by name."""
    shelf = ModelShelf(own_models())

    def check(name: str) -> object:
        from device.admission.admit import admit

        return admit(shelf.path / name, known=admitted_file())

    def elsewhere(name: str) -> str | None:
        path = bundles().get(name)
        if path is None or path.parent == shelf.path:
            return None
        return ModelShelf(path.parent).sha256(path.name)

    return Sticks(sticks_folder(), shelf, check=check, elsewhere=elsewhere, say=say, taken=taken)
