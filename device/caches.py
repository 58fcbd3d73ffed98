"""The model's caches as a file beside a scene: an uncompressed npz of arrays by state name.

Uncompressed, so that its size says how much memory it will take, and read without unpickling.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping

import numpy as np

from device.errors import ControlError

MAX_BYTES = 1 << 24
"""Of one scene's caches. RAVE v2's are below 2 MiB."""
MAX_STATES = 4096


def pack_caches(states: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as a file's bytes.

    Raises:
        ControlError: if they are too large for a scene.
    """
    size = sum(array.nbytes for array in states.values())
    if len(states) > MAX_STATES or size > MAX_BYTES // 2:
        raise ControlError(
            f"the model's caches have {size / 2**20:.1f} MiB in {len(states)} pieces; a scene may "
            f"have {MAX_BYTES / 2**21:.0f} MiB in {MAX_STATES}. Save the scene without them"
        )
    if odd := [name for name, array in states.items() if array.dtype.hasobject or "\n" in name]:
        raise ControlError(f"the cache {odd[0]!r} is no array of numbers with a name of one line")
    file = io.BytesIO()
    # A list by number: a state's name may hold anything, a member's name may not.
    names = np.frombuffer("\n".join(states).encode(), np.uint8)
    np.savez(file, names, *states.values())
    return file.getvalue()


def unpack_caches(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file's bytes, by state name.

    Raises:
        ControlError: if they are none, or would take more memory than a scene's caches may.
    """
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"{len(data)} bytes")
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            found = members.infolist()
            if any(m.compress_type != zipfile.ZIP_STORED for m in found):
                raise ValueError("compressed")
            if sum(m.file_size for m in found) > MAX_BYTES or len(found) > MAX_STATES + 1:
                raise ValueError("larger than its file")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            names = file["arr_0"].tobytes().decode()
            keys = names.split("\n") if names else []
            states = {key: file[f"arr_{i}"] for i, key in enumerate(keys, 1)}
    except Exception as error:  # numpy and zipfile raise many unrelated types
        raise ControlError(f"the scene's caches cannot be used ({error})") from None
    return states


def name_of(data: bytes) -> str:
    """What a scene calls these caches: their sha256."""
    return hashlib.sha256(data).hexdigest()
