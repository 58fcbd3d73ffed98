"""The audio loop opens no file, waits for no lock, asks for no memory: its system calls say so."""

import math

import pytest

from tests.faults.trace import Call, NoTracingError, Trace, parse, problems, trace

LINES = """
71 100.000001 poll([{fd=10<anon_inode:[timerfd]>, events=POLLIN}], 1, -1) = 1 ([{}]) <0.004991>
71 100.005000 futex(0x7f, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>
72 100.005100 openat(AT_FDCWD</>, "/etc/passwd", O_RDONLY) = 3</etc/passwd> <0.000031>
71 100.007000 <... futex resumed>) = 0 <0.002000>
73 100.010000 recvmsg(3<UNIX:[8]>,  <unfinished ...>
71 100.011000 write(5</tmp/log>, "late\\n", 5) = 5 <0.000040>
71 100.012000 --- SIGSTOP {si_signo=SIGSTOP} ---
71 100.013000 exit(0) = ?
""".splitlines()


def test_calls_are_read_whole_even_where_threads_cross():
    calls = list(parse(LINES))
    assert [(call.tid, call.name) for call in calls] == [
        (71, "poll"),
        (72, "openat"),
        (71, "futex"),
        (71, "write"),
        (71, "exit"),
    ]
    assert calls[0].seconds == 0.004991
    assert calls[2].seconds == 0.002
    assert calls[2].arguments.startswith("0x7f, FUTEX_WAIT_PRIVATE")
    assert calls[3].path == "/tmp/log"
    assert math.isnan(calls[4].seconds)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (Call(1, "openat", 'AT_FDCWD, "/x"', 0.0), "has no place"),
        (Call(1, "newfstatat", 'AT_FDCWD, "/x"', 0.0), "has no place"),
        (Call(2, "unlink", '"/x"', 0.0), "has no place"),
        (Call(1, "futex", "0x7f, FUTEX_WAIT", 0.0011), "waited 1.10 ms"),
        (Call(2, "write", '5</tmp/log>, "x"', 0.0), "touches the file /tmp/log"),
        (Call(1, "read", '5</tmp/log>, "x"', 0.0), "touches the file /tmp/log"),
    ],
)
def test_what_has_no_place_is_found(call, sentence):
    (found,) = problems(Trace((call,), 100, 0, {1: "loop", 2: "watch", 3: "helper"}))
    assert sentence in found


@pytest.mark.parametrize(
    "call",
    [
        Call(1, "poll", "[{fd=10<anon_inode:[timerfd]>}]", 0.02),
        Call(1, "futex", "0x7f, FUTEX_WAIT", 0.0002),
        Call(1, "futex", "0x7f, FUTEX_WAKE_PRIVATE, 1", 0.002),
        Call(2, "futex", "0x7f, FUTEX_WAIT", 0.1),
        Call(1, "brk", "NULL", 0.0),
        Call(3, "openat", 'AT_FDCWD, "/x"', 0.0),
    ],
)
def test_what_has_its_place_is_not(call):
    assert not problems(Trace((call,), 100, 0, {1: "loop", 2: "watch", 3: "helper"}))


def test_memory_asked_for_again_and_again_is_growth():
    calls = (Call(1, "brk", "NULL", 0.0),) * 2
    assert problems(Trace(calls, 100, 0, {1: "loop"})) == ["loop: 2 calls for memory in 100 blocks"]


@pytest.mark.slow
def test_the_loop_asks_the_kernel_for_nothing_but_time():
    try:
        found = trace()
        # A wait may have been the machine's, which stalls at times: it does not do so twice.
        if problems(found):
            found = trace()
    except NoTracingError as error:
        pytest.skip(str(error))
    assert found.blocks > 500
    assert found.of("loop")
    assert problems(found) == []
