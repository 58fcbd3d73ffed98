"""What was found, as tables: what is installed, what was played, and `docs/measured/aarch64.md`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.aarch64.playing import (
    FOLLOWING,
    LEAST_SNR_DB,
    MOST_OF_PEAK,
    SECONDS,
    Case,
    Likeness,
)
from tests.aarch64.root import SUITES
from tests.aarch64.wheels import BUILDER, EXTRAS, Package, Wheels

OWN = "ondine"
PAGE = """
Built means: no wheel on the index; its source was compiled in an emulated {names} ({builder})
with `gcc`, `python3-dev` and `libasound2-dev`; lgpio with `swig` and `PYPI=1` in the environment,
or it asks for `liblgpio-dev`, which Debian does not have. The seconds are of emulation, with pip
and all; a board takes a fraction. Wheels are those that the board's own pip would take.

Together {total:.0f} MB are installed on Python {python} (`ondine[{extras}]`, Ondine's own
instruments included; without compiled `.pyc` files).
{refused}
## Imports

{imports}

## Plays

A file of {seconds:g} s, played by the audio process through the card that is none, on Python
{python}, and by the same process on x86. fp32 may differ by {of_peak:g} of the peak, int8 has to
come within {snr:g} dB. So has {following} in both: it follows the input's pitch and adds it up to a
phase, where the last bit of a frequency is heard in every later sample (on x86 alone, an input that
differs by 1e-7 of itself moves it by 1.5e-3 of its peak). No block was late: the card's clock runs
slower, as emulation is no measure of speed.

{played}

`ondine play {instrument}` itself, with both its processes, was started on {cpus} with that file: it
played to the end of it and wrote it. In real time, which emulation is far behind, so that most
blocks were late and there is nothing to compare. Its instrument was put down as admitted before: a
trial may take seconds only, and takes longer there.

    ONDINE_WRITE_DOCS=1 make arm-test       # all of it again, and writes this page
"""


@dataclass(frozen=True)
class Played:
    """A case on a processor, beside what x86 made of it."""

    case: Case
    cpu: str
    likeness: Likeness

    @property
    def ok(self) -> bool:
        """Whether they are near enough."""
        return self.likeness.holds(self.case)


def packages_table(wheels: Sequence[Wheels], sizes: Mapping[str, int]) -> Table:
    """Every package: its version, its wheel in each suite, and its size in the first."""
    table = Table(title="what a Pi installs")
    table.add_column("package", justify="left")
    table.add_column("version", justify="left")
    for suite in SUITES:
        table.add_column(f"Python {suite.python} ({suite.name.capitalize()})", justify="left")
    table.add_column("installed MB", justify="right")
    for name, package in wheels[0].packages.items():
        cells = [_wheel(name, found) for found in wheels]
        size = f"{sizes[name] / 1e6:.1f}" if name in sizes else ""
        table.add_row(name, package.version, *cells, size)
    table.add_row(OWN, "", "this checkout", "this checkout", f"{sizes[OWN] / 1e6:.1f}")
    return table


def _wheel(name: str, wheels: Wheels) -> str:
    if name not in wheels.packages:
        return "**neither wheel nor build**"
    package = wheels.packages[name]
    if package.built_s:
        return f"**built from source in {package.built_s:.0f} s**"
    return "pure Python" if package.tag.endswith("-none-any") else _short(package)


def _short(package: Package) -> str:
    python, abi, platform = package.tag.split("-")
    return f"{python} {abi if abi == 'abi3' else ''} {platform.removesuffix('_aarch64')}".replace(
        "  ", " "
    )


def played_table(played: Sequence[Played]) -> Table:
    """Every case on every processor."""
    table = Table(title="a file, played")
    for heading in ("instrument", "precision", "processor"):
        table.add_column(heading, justify="left")
    for heading in ("largest difference, of the peak", "SNR dB"):
        table.add_column(heading, justify="right")
    table.add_column("as x86", justify="left")
    for one in played:
        like, case = one.likeness, one.case
        cells = (f"{like.of_peak:.1e}", f"{like.snr_db:.0f}", "yes" if one.ok else "NO")
        table.add_row(case.instrument, case.precision, one.cpu, *cells)
    return table


def notes(
    wheels: Sequence[Wheels],
    sizes: Mapping[str, int],
    imports: Mapping[str, str],
    played: str,
    instrument: str,
) -> str:
    """The page after its first table; `imports` has a sentence for each processor, and `instrument`
    is what `ondine play` was tried with."""
    refused = "".join(
        f"\n{name} has no wheel for Python {suite.python} and was not built: {why}.\n"
        for suite, found in zip(SUITES, wheels, strict=True)
        for name, why in found.refused.items()
    )
    return PAGE.format(
        names=" and ".join(suite.name.capitalize() for suite in SUITES),
        builder=BUILDER,
        total=sum(sizes.values()) / 1e6,
        python=SUITES[0].python,
        extras=",".join(EXTRAS),
        refused=refused,
        imports="\n".join(f"- {cpu}: {text}" for cpu, text in imports.items()),
        seconds=SECONDS,
        of_peak=MOST_OF_PEAK,
        snr=LEAST_SNR_DB,
        following=" and ".join(FOLLOWING),
        played=played,
        instrument=instrument,
        cpus=" and ".join(imports),
    )
