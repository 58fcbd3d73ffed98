"""sd_notify, heard on a real datagram socket."""

import socket

import pytest

from device.notify import Notify, notify_of


@pytest.fixture
def manager(tmp_path):
    """What systemd would be: a socket that hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        path = tmp_path / "notify"
        listening.bind(str(path))
        listening.setblocking(False)
        yield path, lambda: listening.recv(4096).decode()


def test_every_message_is_one_datagram_of_the_protocol(manager):
    path, hear = manager
    notify = notify_of({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "4000000"})
    assert notify.watchdog_s == 4.0
    for tell, message in (
        (notify.ready, "READY=1"),
        (notify.alive, "WATCHDOG=1"),
        (notify.stopping, "STOPPING=1"),
    ):
        assert tell()
        assert hear() == message
    assert notify.status("Playing drift.")
    assert hear() == "STATUS=Playing drift."


def test_a_status_is_one_line_and_not_a_long_one(manager):
    path, hear = manager
    Notify(str(path)).status("a\nREADY=1\n" + "é" * 1000)
    heard = hear()
    assert heard.startswith("STATUS=a READY=1 éé")
    assert "\n" not in heard
    assert len(heard) == len("STATUS=") + 200


def test_an_abstract_name_is_heard_too():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel chooses a name after a zero byte
        name = listening.getsockname().decode().replace("\0", "@", 1)
        assert notify_of({"NOTIFY_SOCKET": name}).ready()
        assert listening.recv(64) == b"READY=1"


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "/no/such"}],
)
def test_where_nobody_listens_nothing_happens(environment):
    notify = notify_of(environment)
    assert not any((notify.ready(), notify.alive(), notify.stopping(), notify.status("x")))


def test_a_listener_that_does_not_keep_up_is_not_waited_for(manager):
    path, _ = manager
    notify = Notify(str(path))
    assert not all(notify.alive() for _ in range(10_000))


@pytest.mark.parametrize(
    ("told", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "7"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_only_a_watchdog_that_is_ours_is_fed(told, watchdog_s):
    assert notify_of({"NOTIFY_SOCKET": "/x", **told}, pid=7).watchdog_s == watchdog_s
