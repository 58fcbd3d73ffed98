"""`ondine info`: a bundle's passport, for players, for makers of patches and for archivists."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device.manifest import Manifest
from device.params import ParamSpec, specs_of
from device.words import printable


def show_bundle(
    console: Console, path: Path, manifest: Manifest, headroom_frames: int | None
) -> None:
    """Print all that the manifest says. Headroom is one block where None is given."""
    console.print(_passport(path, manifest, headroom_frames or manifest.block_frames))
    console.print(_methods(manifest))
    if manifest.latents:
        console.print(_latents(manifest))
    console.print(_parameters(specs_of(manifest)))
    if manifest.measured:
        console.print(_measured(manifest.measured))


def show_names(console: Console, bundles: Mapping[str, Path]) -> None:
    """Print which instruments are there."""
    if not bundles:
        console.print("No instruments found. `ondine convert MODEL.ts` makes one from a model.")
        return
    table = _table("Instruments", "name", "file")
    for name, path in sorted(bundles.items()):
        table.add_row(_plain(name), _plain(str(path)))
    console.print(table)


def latency_parts(manifest: Manifest, headroom_frames: int) -> str:
    """The way from input to output in milliseconds and frames, part by part, without converters."""
    frames = manifest.block_frames + headroom_frames + manifest.delay_frames
    return (
        f"{1000.0 * frames / manifest.sample_rate_hz:.1f} ms = {frames} frames: "
        f"block {manifest.block_frames}, headroom {headroom_frames}, "
        f"model {manifest.delay_frames}"
    )


def _passport(path: Path, m: Manifest, headroom_frames: int) -> Table:
    table = Table(title=_plain(m.name), title_justify="left", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    precisions = sorted({precision for method in m.methods.values() for precision in method.graphs})
    facts = {
        "file": str(path),
        "kind": m.kind,
        "sound": f"{m.sample_rate_hz} Hz, {_channels(m.channels_in)} in, "
        f"{_channels(m.channels_out)} out",
        "latency": f"{latency_parts(m, headroom_frames)}; the sound card's converters come on top",
        "latents": f"{m.latent_size}, {m.sample_rate_hz / m.hop_frames:.1f} times a second"
        if m.latent_size
        else "none",
        "precision": f"{' and '.join(precisions)} ({m.recommended} recommended)",
        "authors": ", ".join(m.authors) or "not said",
        "licence": m.licence,
        "corpus": m.corpus or "not said",
        "consent": m.consent or "not said",
        "source": f"{m.source.file} {m.source.sha256[:12]}".strip() or "not said",
        "converter": m.source.converter or "not said",
    }
    for name, fact in facts.items():
        table.add_row(name, _plain(fact))
    return table


def _methods(m: Manifest) -> Table:
    table = _table("Methods", "method", "takes", "gives", "caches", "graphs")
    for name, method in m.methods.items():
        graphs = list(method.graphs.values())
        table.add_row(
            _plain(name),
            _plain(", ".join(f"{p.role} {_shape(p.shape)}" for p in method.inputs)) or "nothing",
            _plain(", ".join(f"{p.role} {_shape(p.shape)}" for p in method.outputs)),
            str(len(graphs[0].states)),
            ", ".join(sorted(method.graphs)),
        )
    return table


def _latents(m: Manifest) -> Table:
    table = _table("Latents", "latent", "label", "heard from", "to")
    for i, latent in enumerate(m.latents):
        table.add_row(str(i), _plain(latent.label), f"{latent.low:.2f}", f"{latent.high:.2f}")
    return table


def _parameters(specs: Mapping[str, ParamSpec]) -> Table:
    table = _table("Parameters", "OSC address (raw in place of param: 0..1)", "range", "default")
    shown: dict[str, list[ParamSpec]] = {}
    for spec in specs.values():
        family, _, number = spec.id.rpartition("_")
        # Latents come by the dozen and differ in nothing but their number.
        key = family if number.isdigit() and family.startswith("latent_") else spec.id
        shown.setdefault(key, []).append(spec)
    for key, specs_alike in shown.items():
        first, count = specs_alike[0], len(specs_alike)
        id = first.id if count == 1 else f"{key}_0 … {key}_{count - 1}"
        table.add_row(
            _plain(f"/ondine/param/{id}"),
            _plain(f"{first.minimum:g}..{first.maximum:g} {first.unit}"),
            f"{first.default:g}",
        )
    return table


def _measured(measured: Mapping[str, object]) -> Table:
    table = _table("Measured at conversion", "what", "value")
    for name, value in _flat(measured).items():
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        table.add_row(_plain(name.replace("_", " ")), _plain(shown))
    return table


def _flat(measured: Mapping[str, object], within: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in measured.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{within}{key} ")
        else:
            flat[within + key] = value
    return flat


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _channels(count: int) -> str:
    return {0: "nothing", 1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _plain(text: str) -> str:
    """Text that neither rich nor a terminal takes for an instruction."""
    return escape(printable(text))
