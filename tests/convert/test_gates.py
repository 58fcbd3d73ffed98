"""The choice of forms, on cases small enough to work out by hand."""

import numpy as np

from convert.cost import board_seconds
from convert.gates import choose_forms
from convert.products import Form, Product

Table = dict[Form, float]


def table(int8: float, int8x2: float, exact: float) -> Table:
    return {"int8": int8, "int8x2": int8x2, "float": exact}


def product(index: int, rows: int = 1, k: int = 4, n: int = 4) -> Product:
    return Product(index, rows, np.ones((k, n), np.float32), None)


def chosen(errors: list[Table], seconds: list[Table], target_db: float) -> list[Form]:
    products = [product(i) for i in range(len(errors))]
    return [choice.form for choice in choose_forms(products, errors, seconds, target_db)]


FAST = table(1.0, 2.0, 4.0)


def test_what_is_good_enough_stays_int8() -> None:
    assert chosen([table(4e-4, 1e-4, 0), table(5e-4, 1e-4, 0)], [FAST, FAST], 30) == [
        "int8", "int8",
    ]  # fmt: skip


def test_the_change_that_removes_most_error_for_its_time_is_made() -> None:
    """The budget is 1e-3. Product 0 twice in int8: 9e-4 less for 1 s; in float 1e-3 for 3 s."""
    errors = [table(1e-3, 1e-4, 0), table(3e-4, 1e-4, 0)]
    assert chosen(errors, [FAST, FAST], 30) == ["int8x2", "int8"]


def test_a_cheaper_way_to_the_same_end_is_taken() -> None:
    """Both are equally wrong in int8; the second's float costs half as much."""
    errors = [table(8e-4, 8e-4, 0), table(8e-4, 8e-4, 0)]
    seconds = [table(1.0, 2.0, 5.0), table(1.0, 2.0, 3.0)]
    assert chosen(errors, seconds, 30) == ["int8", "float"]


def test_errors_add_up_as_powers() -> None:
    """Each is below the budget of 1e-3, the three together are not."""
    errors = [table(4e-4, 1e-5, 0)] * 3
    forms = chosen(errors, [FAST] * 3, 30)
    assert sorted(forms) == ["int8", "int8", "int8x2"]


def test_an_impossible_budget_puts_all_in_float() -> None:
    assert chosen([table(1e-3, 1e-4, 0)] * 3, [FAST] * 3, 200) == ["float"] * 3


def test_float_that_is_no_slower_needs_no_reason_of_error() -> None:
    seconds = table(2.0, 3.0, 1.0)
    (choice,) = choose_forms([product(0)], [table(1e-9, 1e-9, 0)], [seconds], 30)
    assert choice.form == "float"
    assert choice.reason == "no slower on a board"


def test_the_reason_tells_the_error_that_was_avoided() -> None:
    (choice,) = choose_forms([product(0)], [table(1e-2, 1e-5, 0)], [FAST], 30)
    assert choice.form == "int8x2"
    assert choice.reason == "int8 alone costs -20 dB of error"


def test_on_the_modelled_board_int8_pays_for_large_weights() -> None:
    seconds = board_seconds(product(0, 1, 512, 512))
    assert seconds["int8"] < seconds["int8x2"] < seconds["float"]
