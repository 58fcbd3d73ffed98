"""The installed package on a Pi's processor, emulated: wheels, imports, and a file that is played.

python -m tests.aarch64 (`make arm-test`) does it all; x86 Debian, as root, some ten minutes.
"""
