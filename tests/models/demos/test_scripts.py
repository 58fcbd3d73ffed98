"""The scripts that ship: they name what their instruments have, and a bad one is told in words."""

import json
from pathlib import Path

import numpy as np
import pytest

from device.bundle import open_bundle
from device.control.timeline import Event
from device.errors import AudioError, ConfigError, ControlError
from device.params import FIXED, specs_of
from models.demos import NAMES
from models.demos.__main__ import DRUMS, bundle_of, chosen, main, prepare
from models.demos.beat import LOUD, SOFT, read_beat
from models.demos.drumming import strokes
from models.demos.inputs import INPUTS, PEAK, heard
from models.demos.lanes import lanes
from models.demos.script import SCRIPTS, read_script

TIMELINES = [name for name in NAMES if name != DRUMS]


@pytest.mark.parametrize("name", TIMELINES)
def test_each_timeline_names_only_parameters_of_its_instrument(name: str) -> None:
    specs = specs_of(open_bundle(bundle_of(name)).manifest)
    script = read_script(SCRIPTS / f"{name}.json", specs)
    assert 10.0 <= script.seconds <= 20.0
    assert script.events
    assert all(event.at_s + event.over_s <= script.seconds for event in script.events)
    assert script.parts[-1].at_s < script.seconds
    assert {event.param for event in script.events} <= specs.keys()


def test_the_beat_is_read_and_is_as_long_as_it_should_be() -> None:
    beat = read_beat(SCRIPTS / "hail.json")
    assert 10.0 <= beat.seconds <= 20.0
    done = " ".join(act for part in beat.parts for act in part.acts)
    assert all(act in done for act in ("pads/random", "pads/vary", "pads/mix", "pads/class"))
    assert "-1" in done


def test_all_have_a_script_and_all_scripts_an_instrument() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.json")} == set(NAMES)
    assert set(INPUTS) == set(TIMELINES)


def test_what_goes_in_is_the_same_every_time_and_never_too_loud() -> None:
    sound = heard("brook", 10.0)
    assert sound.dtype == np.float32
    assert len(sound) == 480_000
    assert np.array_equal(sound, heard("brook", 10.0))
    assert np.abs(sound).max() == pytest.approx(PEAK, rel=1e-3)
    assert not sound[int(9.2 * 48_000) :].any()
    assert len(heard("reed", 15.5)) == int(15.5 * 48_000)


SPECS = FIXED
GOOD = {"take": {"seconds": 2, "parts": [{"at_s": 0, "about": "a part"}]}, "events": []}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"take": {"seconds": 2}}, "does not say how long it is and what its parts are"),
        ({"take": None}, "does not say how long"),
        ({"take": {"seconds": "long", "parts": []}}, "does not say how long"),
        ({"take": {"seconds": 900, "parts": [{"at_s": 0, "about": ""}]}}, "is 900 s long"),
        ({"take": {"seconds": 2, "parts": []}}, r"its parts begin at \[\]"),
        ({"take": {"seconds": 2, "parts": [{"at_s": 1, "about": ""}]}}, "from 0 on"),
        ({"events": [{"at_s": 0, "param": "dry_wed", "to": 1}]}, "did you mean dry_wet"),
        ({"events": [{"at_s": 0, "param": "dry_wet", "to": 7}]}, r"the range of dry_wet is 0\.\.1"),
    ],
)
def test_a_bad_script_is_told_in_words(tmp_path: Path, change: dict, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(ControlError, match=words):
        read_script(path, SPECS)
    path.write_text(json.dumps(GOOD))
    assert read_script(path, SPECS).seconds == 2.0


BEAT = {
    "beats_per_minute": 120, "swing": 0.0, "seed": 1,
    "parts": [{"about": "", "acts": ["pads/random"], "pads": {"1": "X..."}}],
}  # fmt: skip


def part(**change: object) -> dict:
    return {"parts": [{"about": "", "acts": [], "pads": {"1": "x..."}} | change]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"beats_per_minute": 0}, "at 0 beats a minute"),
        ({"beats_per_minute": "fast"}, "not written as a beat"),
        ({"swing": 2}, "swing 2"),
        ({"seed": -1}, "seed -1"),
        ({"parts": []}, "has 0 parts"),
        ({"parts": 3}, "not written as a beat"),
        (part(pads={"1": "x...", "2": "x.."}), r"\[3, 4\] sixteenths long, not alike"),
        (part(pads={}), r"\[\] sixteenths long"),
        (part(pads={"17": "x..."}), "there is no pad '17'"),
        (part(pads={"1": "y..."}), "'y' is no stroke"),
        (part(acts=["pads/randon"]), "no act 'pads/randon'; did you mean pads/random"),
        (part(acts=["pads/vary"]), "send pads/vary PAD"),
    ],
)
def test_a_bad_beat_is_told_in_words(tmp_path: Path, change: dict, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(BEAT | change))
    with pytest.raises(ControlError, match=words):
        read_beat(path)


def test_a_beat_that_is_missing_or_lacks_something(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="cannot read the beat"):
        read_beat(tmp_path / "none.json")
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({k: v for k, v in BEAT.items() if k != "swing"}))
    with pytest.raises(ControlError, match="does not say its swing"):
        read_beat(path)


def test_strokes_fall_on_their_sixteenths_and_swing(tmp_path: Path) -> None:
    lines = {"about": "", "acts": [], "pads": {"1": "Xx..", "3": "..x."}}
    path = tmp_path / "beat.json"
    path.write_text(json.dumps(BEAT | {"swing": 0.4, "parts": [lines, lines]}))
    beat = read_beat(path)
    assert beat.seconds == pytest.approx(1.0)
    first = [(0.0, 0, LOUD), (0.125 * 1.4, 0, SOFT), (0.25, 2, SOFT)]
    assert strokes(beat, 0) == pytest.approx(np.asarray(first))
    assert strokes(beat, 1) == pytest.approx(np.add(first, [0.5, 0, 0]))


def test_what_moves_alike_shares_a_lane() -> None:
    events = [
        Event(0.0, "latent_scale_0", 0.0),
        Event(0.0, "latent_scale_1", 0.0),
        Event(1.0, "output_gain_db", -6.0, 1.0),
    ]
    scale, gain = lanes(events, FIXED, 4.0)
    assert scale.label == "latent_scale_0 … 1"
    assert scale.range == "0"
    assert (gain.label, gain.range) == ("output_gain_db", "-6 .. 0 dB")
    at = np.interp([0.5, 1.5, 3.0], gain.times_s, gain.heights)
    assert at == pytest.approx([1.0, 0.5, 0.0], abs=0.01)


def test_names_and_folders_that_will_not_do(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert chosen([]) == list(NAMES)
    assert chosen(["hail", "drift", "hail"]) == ["drift", "hail"]
    with pytest.raises(ConfigError, match="'brok'; did you mean brook"):
        chosen(["brok"])
    with pytest.raises(ConfigError, match=f"'x'; there are {NAMES[0]}, "):
        chosen(["x"])
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioError, match=r"cannot make the folder .* Choose another with -o"):
        prepare(tmp_path / "file" / "demos")
    assert main(["brok", "-o", str(tmp_path / "new")]) == 2
    told = capsys.readouterr().err
    assert "did you mean brook" in told
    assert "Traceback" not in told
    assert not (tmp_path / "new").exists()
