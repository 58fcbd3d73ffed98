"""Tell what a conversion did: the numbers for the manifest, a table for the screen, a page."""

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import numpy_helper
from rich.table import Table

from convert.verify import worst_error

if TYPE_CHECKING:
    from convert.pipeline import Converted, Work


def measured_of(work: "Work") -> dict[str, Any]:
    """One method's numbers for the manifest; times are this machine's, one thread."""
    macs = sum(p.macs for p in work.floating.products)
    found: dict[str, Any] = {
        "error_of_peak": worst_error(work.parities),
        "macs_per_block": macs,
        "fp32_weight_bytes": _weight_bytes(work.floating.model),
        "fp32_ms": round(work.milliseconds["fp32"], 4),
    }
    if work.quantised is not None:
        q = work.quantised
        found |= {
            "int8_snr_db": round(q.snr_db, 2),
            "int8_share_of_macs": round(q.int8_share, 4),
            "int8_weight_bytes": _weight_bytes(q.step.model),
            "int8_ms": round(work.milliseconds["int8"], 4),
        }
        if q.distance_db is not None:
            found["int8_log_spectral_distance_db"] = round(q.distance_db, 3)
    return found


def summary(converted: "Converted") -> Table:
    """The final table: a row a method and precision."""
    m = converted.bundle.manifest
    deadline_ms = 1000.0 * m.block_frames / m.sample_rate_hz
    table = Table(title=f"{m.name}: {converted.path}", title_justify="left", box=None)
    for name in ("method", "precision", "ms a block", "of the block", "weights", "equal to"):
        table.add_column(name, justify="left" if name in ("method", "precision") else "right")
    for name, work in converted.works.items():
        found = m.measured[name]
        for precision in work.pieces:
            ms = found[f"{precision}_ms"]
            equal = (
                f"{found['error_of_peak']:.0e} of the peak"
                if precision == "fp32"
                else f"{found['int8_snr_db']:.1f} dB"
            )
            size = f"{found[f'{precision}_weight_bytes'] / 1e6:.1f} MB"
            table.add_row(name, precision, f"{ms:.2f}", f"{ms / deadline_ms:.0%}", size, equal)
    return table


def remarks(converted: "Converted") -> list[str]:
    """Sentences that a player should read: delay, what was left out, what stayed in float."""
    m, plan, model = converted.bundle.manifest, converted.plan, converted.model
    ms = 1000.0 * m.delay_frames / m.sample_rate_hz
    lines = [f"The model itself answers {ms:.0f} ms late ({m.delay_frames} frames)."]
    if ms > 100:
        lines[0] += " That is how it was trained; a causal model answers sooner."
    if all(len(work.pieces) == 2 for work in converted.works.values()):
        lines.append(f"{m.recommended} is the faster one here: it is played unless you choose.")
    for name, work in converted.works.items():
        problems = {p.start_problem for p in work.pieces.values()} - {""}
        lines += [f"{name}: starts from zero only; {problem}." for problem in sorted(problems)]
        if work.quantised:
            kept = [c for c in work.quantised.choices if c.form == "float"]
            share = 1 - work.quantised.int8_share
            if kept:
                lines.append(f"{name}: {len(kept)} products stay in float ({share:.0%} of MACs).")
    lines += [f"{name}: not converted; {why}." for name, why in plan.left_out.items()]
    learns = [a for a in model.attributes if a.startswith(("learn_", "reset_"))]
    if learns and _adaptive(converted):
        lines.append(f"{', '.join(learns)}: not yet; the style stays as it was exported.")
    turned = [p.id for p in m.parameters]
    if turned:
        lines.append(f"Parameters: {', '.join(turned)}.")
    others = {k: v for k, v in model.attributes.items() if k not in [*learns, *turned]}
    lines += [f"{k}: kept at {v}, its value in the file." for k, v in others.items()]
    return lines


def _adaptive(converted: "Converted") -> bool:
    """Whether some layer holds AdaIN statistics; RAVE exports carry an unused `fake_adain`, too."""
    names = [name for name, _ in converted.model.module.named_buffers()]
    return any(n.endswith("num_update_x") and not n.startswith("fake_") for n in names)


def page(converted: "Converted") -> str:
    """The whole report as Markdown, with what became of every product."""
    m = converted.bundle.manifest
    lines = [f"# {m.name}", "", f"From `{m.source.file}` (sha256 {m.source.sha256[:16]}…).", ""]
    lines += [f"- {remark}" for remark in remarks(converted)]
    for name, work in converted.works.items():
        lines += ["", f"## {name}", ""]
        lines += [f"- {key}: {value}" for key, value in m.measured[name].items()]
        lines += [
            f"- equal to the source over {p.blocks} blocks of {p.block_frames} frames from "
            f"{' and '.join(p.starts)} start: {p.error:.1e} of the peak"
            for p in work.parities
        ]
        if work.quantised:
            lines += ["", "| product | rows | K × N | form | why |", "|---|---|---|---|---|"]
            for c in work.quantised.choices:
                k, n = c.product.weights.shape
                index, rows = c.product.index, c.product.rows
                lines.append(f"| {index} | {rows} | {k} × {n} | {c.form} | {c.reason} |")
    return "\n".join(lines) + "\n"


def _weight_bytes(model: Any) -> int:
    return int(np.sum([numpy_helper.to_array(w).nbytes for w in model.graph.initializer]))
