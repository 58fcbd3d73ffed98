"""Buttons: bounces, long and double presses, latching; all with the time passed in."""

from hypothesis import given
from hypothesis import strategies as st

from device.control.panel.button import Button, Manner, looked

MANNER = Manner(debounce_s=0.02)


def played(looks: list[tuple[float, bool]], manner: Manner) -> list[tuple[float, str, bool]]:
    """What a button says, and when, over looks at its contact."""
    button, said = Button(), []
    for now_s, contact in looks:
        button, now_said = looked(button, contact, now_s, manner)
        said += [(now_s, part, on) for part, on in now_said]
    return said


def held(*spans: tuple[float, float], until: float) -> list[tuple[float, bool]]:
    """Looks every 5 ms at a contact that is closed in some spans."""
    times = [i * 0.005 for i in range(round(until / 0.005))]
    return [(t, any(a <= t < b for a, b in spans)) for t in times]


def test_a_press_is_believed_once_it_has_lasted():
    looks = held((0.1, 0.105), (0.11, 0.115), (0.12, 0.3), (0.31, 0.315), until=0.5)
    assert played(looks, MANNER) == [(0.14, "", True), (0.335, "", False)]


def test_a_footswitch_that_latches():
    looks = held((0.1, 0.2), (0.5, 0.6), (0.9, 1.0), until=1.2)
    said = played(looks, Manner(latching=True, debounce_s=0.02))
    assert [on for _, _, on in said] == [True, False, True]


def test_a_long_press_lasts_until_it_is_let_go():
    said = played(held((0.1, 0.3), (1.0, 2.0), until=2.5), Manner(long_s=0.5, debounce_s=0.02))
    assert [(part, on) for _, part, on in said] == [
        ("", True),
        ("", False),
        ("", True),
        ("long", True),
        ("", False),
        ("long", False),
    ]
    assert said[3][0] == 1.5


def test_three_quick_presses_are_one_double():
    looks = held((0.1, 0.15), (0.3, 0.35), (0.5, 0.55), until=1.0)
    said = played(looks, Manner(double_s=0.3, debounce_s=0.02))
    assert [part for _, part, on in said if on] == ["", "", "double", ""]


@given(
    st.lists(st.tuples(st.floats(0.0001, 0.05, allow_subnormal=False), st.booleans()), max_size=100)
)
def test_presses_and_releases_alternate_whatever_the_contact_does(looks):
    now_s, timed = 0.0, []
    for passed_s, contact in looks:
        now_s += passed_s
        timed.append((now_s, contact))
    said = [on for _, part, on in played(timed, MANNER) if part == ""]
    assert said == [i % 2 == 0 for i in range(len(said))]
