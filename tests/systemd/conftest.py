import pytest

from tests.systemd.box import Box
from tests.systemd.wheels import save_wheel


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """Wheels of a version 1.0.0 that plays."""
    return save_wheel(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def installed(tmp_path_factory, wheels):
    """A box on which it was installed once: not to be changed."""
    box = Box(tmp_path_factory.mktemp("box"))
    config = box.at("/boot/firmware/config.txt")
    config.parent.mkdir(parents=True)
    config.write_bytes(CONFIG)
    code, out, err = box.install(wheels)
    assert (code, err) == (0, ""), out
    return box


@pytest.fixture
def box(installed, tmp_path):
    """The same, to be changed."""
    return installed.copy(tmp_path / "box")


CONFIG = b"# For more options see the documentation\r\ndtparam=audio=on\n[cm4]\notg_mode=1\n"
