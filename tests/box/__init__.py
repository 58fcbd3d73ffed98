"""A whole box in software emulation: kernel, systemd, ALSA and the real units, from power to sound.

    image.py     a Debian with this checkout installed by systemd/install     .cache/box/
    machine.py   qemu: switched on, spoken to, its power cut
    stick.py     USB sticks to plug in and to pull out
    guest/panel  a kernel module: pins and an SPI converter, and a hand that turns and presses
    listen.py    what was heard on the other side of its sound card
    scenarios/   what is done to it, one function each
    report.py    the table, docs/measured/box.md and the picture of a start

`python -m tests.box` runs all of it, `--short` a few minutes of it. Time in the box is virtual: one
instruction is one nanosecond, and it stands still while this machine is busy with something else.
So a number of seconds repeats on any machine. It is the time of a processor that does 10⁹
instructions a second, not of a Raspberry Pi.
"""
