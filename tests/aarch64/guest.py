"""Runs inside, with the installed package alone, and prints one line of JSON last.

python3 guest.py imports               every module of `device`, and of what it needs
python3 guest.py audio OPTIONS…        the audio process, with a table of defaults
python3 guest.py play NAME OPTIONS…    `ondine play`, of an instrument that was admitted
"""

import importlib
import importlib.metadata
import json
import pkgutil
import sys
from pathlib import Path

SELF_STARTING = ("__main__",)
"""Modules that begin something when they are imported."""
BOARD_ONLY = ("RPi",)
"""rpi-lgpio refuses to be imported anywhere but on a Pi."""
TOOLS = ("convert", "models", "hardware", "tests")
"""Of the trainers' side, which a box has but does not run."""


def import_all() -> dict:
    """{"modules": how many of device, "packages": of others, "failed": {name: why}}."""
    import device

    names = [m.name for m in pkgutil.walk_packages(device.__path__, "device.")]
    names = [name for name in names if name.rpartition(".")[2] not in SELF_STARTING]
    packages = {
        name
        for name, owners in importlib.metadata.packages_distributions().items()
        if _is_ours(owners[0]) and name not in (*BOARD_ONLY, *TOOLS) and name.isidentifier()
    }
    failed = {}
    for name in [*names, *sorted(packages)]:
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever it is, it is the finding
            failed[name] = f"{type(error).__name__}: {error}"
    return {"modules": len(names), "packages": len(packages), "failed": failed}


def _is_ours(distribution: str) -> bool:
    """Whether it lies beside the package, and not in the distribution's own folder."""
    place = importlib.metadata.distribution(distribution).locate_file("")
    return Path(str(place)).resolve() == Path(sys.path[1]).resolve()


def audio(options: list[str]) -> dict:
    """{"code": the audio process's exit code}."""
    from device.audio.process import main
    from device.params import ParamTable

    given = dict(zip(options[::2], options[1::2], strict=True))
    ParamTable(Path(given["--params"]), create=True)
    return {"code": main(options)}


def play(options: list[str]) -> dict:
    """{"code": the exit code of `ondine play`}.

    What an instrument may take to be tried is seconds, which it exceeds under emulation: as if it
    had been tried before, it is put down as admitted.
    """
    from device.admission.known import mark, remember
    from device.admission.layout import read_manifest_bytes
    from device.cli import main
    from device.paths import admitted_file, model_folders

    file = model_folders()[-1] / f"{options[0]}.ondine"
    remember(admitted_file(), mark(read_manifest_bytes(file)))
    sys.argv = ["ondine", "play", *options]
    try:
        main()
    except SystemExit as ended:
        return {"code": ended.code or 0}
    return {"code": 0}


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "imports":
        print(json.dumps(import_all()))
    else:
        print(json.dumps({"audio": audio, "play": play}[command](rest)))
