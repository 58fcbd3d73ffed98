"""Finding ports by name in a made-up /dev and /proc, and opening what can be opened."""

import os

import pytest

from device.control.midi.port import Place, Port, absent, places
from device.errors import ControlError
from tests.device.control.midi.wire import Plug


def names(wanted, root):
    return [place.name for place in places(wanted, root)]


def test_ports_are_found_by_the_names_of_their_cards(tmp_path):
    assert names(["all"], tmp_path) == []
    keys, pads = Plug(tmp_path, 1, "Keys"), Plug(tmp_path, 3, "nanoKONTROL2")
    (tmp_path / "dev/snd/midiC3D1").symlink_to("/dev/null")
    (tmp_path / "dev/snd/pcmC3D0p").symlink_to("/dev/null")
    both = ["nanoKONTROL2", "nanoKONTROL2 (plug 2)"]
    assert names(["all"], tmp_path) == ["Keys", *both]
    assert names(["nanoKONTROL2"], tmp_path) == both
    assert names([], tmp_path) == []
    here = places(["Keys"], tmp_path)
    assert absent(["all", "Keys", "Drums", "/no/such"], here) == ["Drums", "/no/such"]
    for plug in (keys, pads):
        plug.pull()
    assert names(["all"], tmp_path) == []


def test_a_path_is_a_port_once_even_if_it_is_a_cards(tmp_path):
    plug = Plug(tmp_path, 1, "Keys")
    device = str(tmp_path / "dev/snd/midiC1D0")
    os.mkfifo(tmp_path / "fifo")
    wanted = ["all", device, str(tmp_path / "fifo")]
    found = places(wanted, tmp_path)
    assert [place.name for place in found] == ["Keys", str(tmp_path / "fifo")]
    assert absent(wanted, found) == []
    plug.pull()
    assert names(wanted, tmp_path) == [str(tmp_path / "fifo")]


def test_a_fifo_outlives_its_writers_and_is_missed_when_it_is_another(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    port = Port(Place("fifo", path))
    assert port.read(10) == b""
    for data in (b"\xf8", b"\xfa"):
        path.write_bytes(data)
        assert port.read(10) == data
        assert port.read(10) == b""
    assert not port.replaced
    path.rename(tmp_path / "other")
    assert port.replaced
    os.mkfifo(path)
    assert port.replaced
    port.close()
    port.close()


def test_bytes_pass_a_terminal_as_they_are_until_it_hangs_up(tmp_path):
    plug = Plug(tmp_path, 1, "Keys")
    [place] = places(["all"], tmp_path)
    port = Port(place)
    every = bytes(range(256))
    plug.send(every)
    heard = b""
    while len(heard) < len(every):
        heard += port.read(100)
    assert heard == every
    plug.pull()
    assert port.read(10) is None
    assert port.replaced
    port.close()


def test_what_is_no_port_is_said(tmp_path):
    (tmp_path / "song.mid").write_bytes(b"MThd")
    with pytest.raises(ControlError, match=r"song\.mid is no MIDI port; give a device or a FIFO"):
        Port(Place("x", tmp_path / "song.mid"))
    with pytest.raises(ControlError, match="cannot read Keys: No such file"):
        Port(Place("Keys", tmp_path / "none"))
