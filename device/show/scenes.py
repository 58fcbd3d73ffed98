"""The scenes of this computer as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from device.mapping.disk import Folder
from device.mapping.last import read_last
from device.mapping.store import Store, scenes_folder
from device.words import printable, sentence


def show_scenes(console: Console) -> None:
    """Print every scene that is stored, and which one is on. Damaged ones are told of."""
    folder = scenes_folder()
    disk = Folder(folder)
    loaded = Store(disk, str(folder)).load()
    for said in loaded.said:
        console.print(sentence(said), markup=False)
    if not loaded.scenes:
        console.print("There are no scenes yet. While it plays: ondine scene save", markup=False)
        return
    last = read_last(disk)
    table = Table(box=None, pad_edge=False)
    for head in ("", "scene", "name", "instrument", "with"):
        table.add_column(head)
    for number, scene in loaded.scenes.items():
        parts = {"a map": bool(scene.learned), "the model's memory": bool(scene.caches)}
        table.add_row(
            "on" if number == last else "",
            str(number),
            # As they are: [bold] is a name like any other, and [/] would be a fault.
            Text(scene.name),
            Text(printable(scene.bundle)),
            ", ".join(what for what, there in parts.items() if there),
        )
    console.print(table)
