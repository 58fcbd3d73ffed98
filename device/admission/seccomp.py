"""A list of system calls that a process may still make; every other answers "not permitted".

What is allowed is little: memory, time, reading and writing what is already open, and ending. No
file, no socket and no process can be opened or made, nobody can be signalled, and no memory can be
made executable, whatever runs in here.

Berkeley packet filter, as the kernel's seccomp takes it: see seccomp(2) and linux/seccomp.h.
"""

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCHITECTURE, _NUMBER, _THIRD_ARGUMENT = 4, 0, 32
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_EXECUTABLE = 4
_X32 = 0x40000000
"""x86's third set of numbers, which would slip by a list of the first."""


@dataclass(frozen=True)
class _Machine:
    """An architecture: the kernel's number for it, and its calls by name."""

    audit: int
    mapping: tuple[int, ...]
    """mmap and mprotect"""
    allowed: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (9, 10),
        # read write close fstat lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64
        # readv writev sched_yield mremap madvise nanosleep getpid exit sigaltstack gettid futex
        # sched_getaffinity restart_syscall clock_gettime clock_getres clock_nanosleep exit_group
        # getrusage sysinfo getcpu getrandom rseq
        (0, 1, 3, 5, 8, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 35, 39, 60, 131, 186, 202, 204,
         219, 228, 229, 230, 231, 98, 99, 309, 318, 334),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (222, 226),
        (63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 67, 65, 66, 124, 216, 233, 101, 172, 93, 132,
         178, 98, 123, 128, 113, 114, 115, 94, 165, 179, 168, 278, 293),
    ),
}  # fmt: skip


def allow_little() -> str:
    """Confine this thread, and all that it will ever start; returns why not, or ''."""
    machine = _MACHINES.get(platform.machine())
    # A 32-bit program on a 64-bit kernel has other numbers.
    if machine is None or struct.calcsize("P") != 8:
        return f"no list of system calls for {platform.machine()}"
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = _program(machine)
    held = ctypes.create_string_buffer(b"".join(instructions))
    # struct sock_fprog: a count, padding, and where the instructions are.
    program = struct.pack("@HP", len(instructions), ctypes.addressof(held))
    zero = ctypes.c_ulong(0)
    if libc.prctl(_SET_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return "the kernel knows no PR_SET_NO_NEW_PRIVS"
    if libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), program, zero, zero) != 0:
        return f"the kernel takes no seccomp filter ({errno.errorcode.get(ctypes.get_errno())})"
    return ""


def _program(machine: _Machine) -> list[bytes]:
    """The filter. Jumps go forward, over so many instructions; each is counted from the end."""
    calls = (*machine.mapping, *machine.allowed)
    #   deny, allow, and the check of mmap and mprotect stand at the end, in this order:
    tail = [
        _instruction(_RETURN, _DENY),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _THIRD_ARGUMENT),
        _instruction(_ANY_BIT, _EXECUTABLE, 0, 1),
        _instruction(_RETURN, _DENY),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _KILL),
    ]
    deny, allow, check, kill = 0, 1, 2, len(tail) - 1
    left = len(calls)
    head = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, machine.audit, 0, left + 2 + kill),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, left + deny, 0),
    ]
    body = [
        _instruction(_EQUAL, call, left - 1 - i + (check if call in machine.mapping else allow), 0)
        for i, call in enumerate(calls)
    ]
    return [*head, *body, *tail]


def _instruction(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    """struct sock_filter: what to do, how far to jump if so and if not, and a number."""
    return struct.pack("=HBBI", code, yes, no, k)
