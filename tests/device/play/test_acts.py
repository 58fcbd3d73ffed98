"""Acts: what is given to one, by whomever, and what it comes to."""

import asyncio
import math

import pytest

from device.errors import ControlError
from device.play.acts import MAX_ARGUMENTS, MAX_TEXT, Acts, ActSpec, Argument, checked

WHICH = Argument("scene")
SECONDS = Argument("seconds", "number")
NAME = ActSpec("scene/rename", "Name it.", (WHICH, Argument("name", optional=True)))
GLIDE = ActSpec("morph/glide", "How long.", (SECONDS,))
LINE = ActSpec("morph/line", "Between.", (Argument("scenes", many=True),))
WITHOUT = ActSpec("morph/without", "Not.", (Argument("ids", optional=True, many=True),))
NEXT = ActSpec("scene/next", "The next.")


async def later(*given):
    await asyncio.sleep(0)
    return f"later {given}"


ACTS = Acts({NAME: lambda *given: f"named {given}", GLIDE: later, NEXT: lambda: "next"})


def do(name, *given):
    return asyncio.run(ACTS.do(name, given))


def test_an_act_says_a_sentence_at_once_or_after_a_while():
    assert do("scene/next") == "next"
    assert do("morph/glide", "2.5") == "later (2.5,)"
    assert ACTS.specs == [NAME, GLIDE, NEXT]


def test_usage_tells_what_may_be_left_out_and_what_may_be_many():
    assert NAME.usage == "scene/rename SCENE [NAME]"
    assert LINE.usage == "morph/line SCENES…"
    assert WITHOUT.usage == "morph/without [IDS…]"


@pytest.mark.parametrize(
    ("spec", "given"),
    [
        (NEXT, [1]),
        (NAME, []),
        (NAME, ["1", "a", "b"]),
        (LINE, []),
        (LINE, ["1"] * (MAX_ARGUMENTS + 1)),
    ],
)
def test_too_few_or_too_many_arguments_are_refused_with_the_usage(spec, given):
    with pytest.raises(ControlError) as refusal:
        checked(spec, given)
    assert f"was given {len(given)} arguments; send {spec.usage}" in str(refusal.value)


def test_the_last_argument_may_be_many_and_may_be_none():
    assert checked(LINE, ["1", 2, 3.0]) == ["1", "2", "3"]
    assert len(checked(LINE, ["1"] * MAX_ARGUMENTS)) == MAX_ARGUMENTS
    assert checked(WITHOUT, []) == []


@pytest.mark.parametrize("given", [True, False, None, [], {}, b"3"])
@pytest.mark.parametrize("spec", [GLIDE, LINE])
def test_what_is_neither_a_number_nor_a_text_is_refused(spec, given):
    with pytest.raises(ControlError, match="neither a number nor a text"):
        checked(spec, [given])


@pytest.mark.parametrize(
    "given",
    [
        math.nan,
        -math.inf,
        "nan",
        "inf",
        "1e999",
        "",
        "two",
        "1,5",
        "\ud800",
        "1" * 5000,
        10**400,
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_what_is_no_finite_number_is_refused_where_one_is_wanted(given):
    with pytest.raises(ControlError, match=r"of morph/glide is .*; send a number") as refusal:
        checked(GLIDE, [given])
    assert len(str(refusal.value)) < 120
    str(refusal.value).encode()


@pytest.mark.parametrize(
    ("given", "number"), [("-0.5", -0.5), (" 2 ", 2.0), (3, 3.0), ("1e-3", 1e-3), (10**300, 1e300)]
)
def test_a_number_may_come_as_one_or_as_a_text(given, number):
    assert checked(GLIDE, [given]) == [number]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (3.0, "3"),
        (3, "3"),
        (-1, "-1"),
        (2.5, "2.5"),
        (1234567.0, "1234567"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (10**400, "inf"),
    ],
)
def test_a_number_may_stand_for_a_text_and_keeps_its_digits(given, text):
    assert checked(LINE, [given]) == [text]


@pytest.mark.parametrize("given", ["a\0b", "a" * (MAX_TEXT + 1)])
def test_a_text_that_is_too_long_or_holds_a_null_is_refused(given):
    with pytest.raises(ControlError, match="too long, or no text"):
        checked(LINE, [given])


@pytest.mark.parametrize("name", ["scene/nex", "", "\ud800\x1b[2J", "a" * 10_000, "scene/next "])
def test_an_unknown_act_is_said_in_few_printable_words(name):
    with pytest.raises(ControlError, match="there is no act") as refusal:
        do(name)
    assert len(str(refusal.value)) < 160
    assert str(refusal.value).isprintable()


def test_a_slip_of_the_finger_is_told_the_nearest_act():
    with pytest.raises(ControlError, match=r"there is no act 'scene/nex'; did you mean scene/next"):
        do("scene/nex")


def test_an_act_is_read_as_a_patch_writes_it():
    assert ACTS.read("scene/rename 3 'Blue glass'") == (NAME, ["3", "Blue glass"])
    assert ACTS.read("morph/glide -2") == (GLIDE, [-2.0])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "an act is missing"),
        ("  ", "an act is missing"),
        ("scene/rename 'x", "cannot be read"),
        ("scene/rename", "was given 0 arguments"),
        ("nothing at all", "there is no act"),
        ("morph/glide soon", "send a number"),
    ],
)
def test_a_line_that_is_no_act_is_refused_with_a_sentence(line, sentence):
    with pytest.raises(ControlError, match=sentence):
        ACTS.read(line)
