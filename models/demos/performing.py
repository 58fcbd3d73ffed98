"""Playing a script on an instrument: exactly what `ondine render` does with the same two files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from device.bundle import open_bundle
from device.control.timeline import Timeline
from device.errors import BundleError
from device.params import specs_of
from device.paths import find_bundle
from device.render import render_file, write_wav
from models.demos import RATE_HZ
from models.demos.inputs import heard
from models.demos.lanes import lanes
from models.demos.script import SCRIPTS, read_script
from models.demos.shown import Shown


def perform(name: str, bundle: Path, folder: Path, progress: Callable[[float], None]) -> Shown:
    """Play the script of instrument `name`; writes NAME.wav, and NAME.in.wav that it heard.

    Raises:
        OndineError: if the bundle or the script cannot be used, or a file not be written.
    """
    manifest = open_bundle(find_bundle(str(bundle))).manifest
    if manifest.sample_rate_hz != RATE_HZ:
        raise BundleError(
            f"{bundle} plays at {manifest.sample_rate_hz} Hz; demonstrations are at {RATE_HZ}"
        )
    specs = specs_of(manifest)
    script = read_script(SCRIPTS / f"{name}.json", specs)
    sound = heard(name, script.seconds)
    entering = folder / f"{name}.in.wav"
    write_wav(entering, sound[None], RATE_HZ)
    rendered = render_file(
        bundle,
        entering,
        folder / f"{name}.wav",
        timeline=Timeline(script.events, specs),
        progress=progress,
    )
    return Shown(
        name,
        rendered.audio,
        sound if np.any(sound) else None,
        script.parts,
        lanes(script.events, specs, script.seconds),
        rendered.limited_blocks / rendered.blocks,
    )
