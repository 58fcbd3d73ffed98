"""`ondine load`: ask the control process to bring another instrument in."""

from device.control.control_socket import ask
from device.errors import ControlError
from device.paths import RunFolder, find_bundle

LIMIT_S = 90.0
"""For a large model on a slow card: to be looked at, tried, loaded and warmed."""


def load(folder: RunFolder, model: str, *, latency: str, precision: str | None) -> str:
    """Load a bundle by name or path; returns what to say.

    Raises:
        BundleError: if there is none of that name.
        ControlError: if nothing plays, or it was not loaded, and why.
    """
    # The whole path: the control process may be in another folder.
    request: dict[str, object] = {
        "command": "load",
        "bundle": str(find_bundle(model).resolve()),
        "latency": latency,
    }
    if precision is not None:
        request["precision"] = precision
    answer = ask(folder.control, request, LIMIT_S)
    if not answer.get("ok"):
        raise ControlError(answer["say"])
    return str(answer["say"])
