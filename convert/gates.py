"""Choose for every product of a step how it is computed: by what it costs and what it spoils.

Each product is tried alone in int8 and in int8x2 (`convert.products`) while the rest stays in
float, on calibration sound: that gives its share of the output's error. What each form costs on a
small board is known (`convert.cost`). Errors of different products add up as powers, so the
cheapest set of forms below an error budget is found greedily: start with the fastest form
everywhere, then keep making the change that removes most error for the time it adds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convert.builder import Builder
from convert.products import FORMS, Form, Product, emit_product


@dataclass(frozen=True)
class Choice:
    """What was decided for one product, and why."""

    product: Product
    form: Form
    error: Mapping[Form, float]
    """Share of the output's power that each form's error has."""
    seconds: Mapping[Form, float]
    """What each form costs on the board that `convert.cost` models."""

    @property
    def reason(self) -> str:
        """Why it is not plain int8, as a sentence; "" if it is."""
        if self.form == "int8":
            return ""
        alone = 10 * np.log10(max(self.error["int8"], 1e-12))
        if self.seconds[self.form] <= self.seconds["int8"]:
            return "no slower on a board"
        return f"int8 alone costs {alone:.0f} dB of error"


def probe_emitter(flags: str) -> Callable[[Builder, str, Product], str]:
    """Emit each product in float, plus the errors of its other forms behind switches.

    `flags` [1, 1, 2·n] is a graph input: element 2·i turns on product i's int8 error, 2·i + 1 its
    int8x2 error. One session then measures every product without another load.
    """

    def emit(build: Builder, x: str, product: Product) -> str:
        exact = emit_product(build, x, product, "float")
        y = exact
        for offset, form in enumerate(("int8", "int8x2")):
            at = 2 * product.index + offset
            bounds = [build.constant([v], np.int64) for v in (at, at + 1, 2)]
            switch = build.emit("Slice", [flags, *bounds])
            error = build.emit("Sub", [emit_product(build, x, product, form), exact])  # type: ignore[arg-type]
            y = build.emit("Add", [y, build.emit("Mul", [error, switch])])
        return y

    return emit


def choose_forms(
    products: Sequence[Product],
    errors: Sequence[Mapping[Form, float]],
    seconds: Sequence[Mapping[Form, float]],
    target_db: float,
) -> list[Choice]:
    """The cheapest forms whose errors together stay `target_db` below the output."""
    forms: list[Form] = [min(FORMS, key=lambda f, s=s: s[f]) for s in seconds]  # type: ignore[misc]
    budget = 10 ** (-target_db / 10)

    def gain(i: int, form: Form) -> float:
        less = errors[i][forms[i]] - errors[i][form]
        more = max(seconds[i][form] - seconds[i][forms[i]], 1e-9)
        return less / more

    while sum(e[f] for e, f in zip(errors, forms, strict=True)) > budget:
        changes = [(gain(i, f), i, f) for i in range(len(forms)) for f in FORMS if f != forms[i]]
        best, i, form = max(changes, key=lambda change: change[0])
        if best <= 0:
            break
        forms[i] = form
    _take_back(forms, errors, seconds, budget)
    return [Choice(p, f, e, s) for p, f, e, s in zip(products, forms, errors, seconds, strict=True)]


def _take_back(
    forms: list[Form],
    errors: Sequence[Mapping[Form, float]],
    seconds: Sequence[Mapping[Form, float]],
    budget: float,
) -> None:
    """Undo what later changes made needless, dearest first: greedy choices overshoot."""
    for i in sorted(range(len(forms)), key=lambda i: -seconds[i][forms[i]]):
        spent = sum(e[f] for e, f in zip(errors, forms, strict=True)) - errors[i][forms[i]]
        fitting = [f for f in FORMS if spent + errors[i][f] <= budget]
        forms[i] = min(fitting, key=lambda f, i=i: seconds[i][f], default=forms[i])
