"""The ladder's rules, in blocks of ten milliseconds."""

from device.audio.ladder import (
    ENOUGH_S,
    FIRST_RETURN_S,
    LAST_RETURN_S,
    TRUSTED_S,
    Ladder,
    Move,
)

BLOCK_S = 0.01


def blocks_until(ladder: Ladder, move: Move, troubled: bool, above: bool = False) -> int:
    """How many blocks of one kind it takes."""
    return next(n for n in range(1, 100_000) if ladder.block(troubled, above) is move)


def test_half_a_second_of_trouble_is_enough() -> None:
    assert blocks_until(Ladder(BLOCK_S), Move.DOWN, troubled=True) == round(ENOUGH_S / BLOCK_S)


def test_a_stall_now_and_then_is_forgiven() -> None:
    ladder = Ladder(BLOCK_S)
    moves = {ladder.block(n % 12 == 0, above=False) for n in range(50_000)}
    assert moves == {Move.STAY}


def test_one_late_block_in_five_is_not() -> None:
    ladder = Ladder(BLOCK_S)
    assert Move.DOWN in {ladder.block(n % 5 == 0, above=False) for n in range(1_000)}


def test_each_return_takes_twice_as_long_up_to_a_limit() -> None:
    ladder, waits = Ladder(BLOCK_S), []
    for _ in range(9):
        blocks_until(ladder, Move.DOWN, troubled=True)
        ladder.went_down()
        waits.append(blocks_until(ladder, Move.UP, troubled=False, above=True) * BLOCK_S)
        ladder.went_up()
    expected = [min(FIRST_RETURN_S * 2.0**n, LAST_RETURN_S) for n in range(9)]
    assert all(abs(a - b) < 2 * BLOCK_S for a, b in zip(waits, expected, strict=True))


def test_trouble_below_puts_the_return_off() -> None:
    ladder = Ladder(BLOCK_S)
    ladder.went_down()
    for _ in range(round(0.9 * FIRST_RETURN_S / BLOCK_S)):
        assert ladder.block(False, above=True) is Move.STAY
    ladder.block(True, above=True)
    waited = blocks_until(ladder, Move.UP, troubled=False, above=True) * BLOCK_S
    assert abs(waited - FIRST_RETURN_S) < 2 * BLOCK_S


def test_what_proved_itself_is_trusted_and_starts_afresh() -> None:
    ladder = Ladder(BLOCK_S)
    ladder.went_down()
    ladder.went_up()
    assert not ladder.trusted
    for _ in range(round(TRUSTED_S / BLOCK_S) + 1):
        ladder.block(False, above=False)
    assert ladder.trusted
    ladder.went_down()
    waited = blocks_until(ladder, Move.UP, troubled=False, above=True) * BLOCK_S
    assert abs(waited - FIRST_RETURN_S) < 2 * BLOCK_S


def test_a_new_instrument_has_no_past() -> None:
    ladder = Ladder(BLOCK_S)
    blocks_until(ladder, Move.DOWN, troubled=True)
    ladder.went_down()
    ladder.went_up()
    ladder.renew()
    assert blocks_until(ladder, Move.DOWN, troubled=True) == round(ENOUGH_S / BLOCK_S)
