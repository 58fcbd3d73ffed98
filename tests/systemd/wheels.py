"""A folder of wheels with a tiny Ondine in it: real wheels, a real pip, a real environment.

It plays as well as it is told to: that is what an update has to find out.
"""

import base64
import hashlib
import zipfile
from pathlib import Path

PROGRAM = """
import json, sys, time

def main():
    if sys.argv[1] == "play":
        if not {rehearses}:
            sys.exit("ondine: the built-in instrument cannot be opened.")
    elif sys.argv[1] == "status":
        state = "playing" if {plays} else "stopped"
        print(json.dumps(dict(state=state, blocks=time.monotonic() * 1000.0)))
"""

METADATA = """Metadata-Version: 2.1
Name: ondine
Version: {version}
Provides-Extra: phone
Provides-Extra: pi
{needs}"""


def save_wheel(folder: Path, version="1.0.0", *, rehearses=True, plays=True, needs="") -> Path:
    """Write `ondine-VERSION-py3-none-any.whl`; returns its folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"ondine-{version}.dist-info"
    needs = f"Requires-Dist: {needs}\n" if needs else ""
    files = {
        "device/__init__.py": "",
        "device/cli.py": PROGRAM.format(rehearses=rehearses, plays=plays),
        f"{info}/METADATA": METADATA.format(version=version, needs=needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nondine = device.cli:main\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text.encode())}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"ondine-{version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return folder
