"""Damaged packets over real sockets: some thousands here, a million in the soak."""

import socket

import pytest

from tests.faults.osc_packets import run_osc_packets
from tests.faults.udp_queue import lost


def test_damaged_packets_do_no_harm(tmp_path):
    report = run_osc_packets(tmp_path, 1000, seed=0)
    assert report.failures == ()
    assert report.worst["accepted_messages"] > 500


@pytest.mark.slow
def test_many_damaged_packets_do_no_harm(tmp_path):
    report = run_osc_packets(tmp_path, 40_000, seed=5000)
    assert report.failures == ()
    assert report.worst["too_many_a_second"] < 400


def test_what_did_not_fit_a_queue_is_counted():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        box.bind(("127.0.0.1", 0))
        port = box.getsockname()[1]
        assert lost(port) == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(50):
                sender.sendto(bytes(1000), ("127.0.0.1", port))
        assert lost(port) > 30
    with pytest.raises(LookupError, match=str(port)):
        lost(port)
