"""Everything about controls together, as a performance has it, and again after a restart."""

import asyncio

from device.control.dialect_server import DialectServer
from device.control.osc_reply import packets
from device.control.panel.leds import Leds
from device.control.signal import Signal
from device.hands.acts import CONTROL_ACTS, MIDI_ACTS, REDUCE_ACTS
from device.hands.hands import Hands
from device.hands.parts import ControlParts, Stored
from device.params import specs_of
from device.play.acts import Acts
from device.status import Status
from tests.bundles import tiny_autoencoder
from tests.device.hands.patch_stage import PANEL, PATCH

TINY = specs_of(tiny_autoencoder().manifest)


class Evening:
    """One performance of a player whose home is `folder`."""

    def __init__(self, folder, *, given=False):
        self.said, self.changes = [], []
        home = {"XDG_CONFIG_HOME": str(folder)}
        stored = self.stored = Stored(given=given, say=self.said.append, environment=home)
        self.apps = DialectServer(
            "127.0.0.1", 0, see=stored.reducing.see, reductions=stored.reducing.reductions
        )
        stored.apps = self.apps
        patch = PATCH if given else stored.patch.read(TINY) or PATCH
        values = {id: spec.default for id, spec in TINY.items()}
        self.hands = Hands(
            patch, TINY, [], take=lambda r: None, values=lambda: values, say=self.said.append
        )
        self.leds = Leds(lambda: 0.0)
        self.status = Status(folder / "status", create=True)
        self.parts = ControlParts(
            stored,
            self.hands,
            PANEL,
            change=self.hands.change,
            changed=lambda: self.changes.append(self.hands.patch),
            midi=None,
            status=folder / "status",
            show=self.leds.show,
            say=self.said.append,
            clock=lambda: 0.0,
        )
        self.acts = Acts(self.parts.acts())

    def play(self, scene):
        async def main():
            self.parts.start(asyncio.get_running_loop(), lambda readings: None)
            await scene()

        try:
            asyncio.run(main())
        finally:
            self.parts.close()
            self.apps.close()


def test_what_was_learned_in_one_evening_plays_in_the_next(tmp_path):
    first = Evening(tmp_path)

    async def learn():
        await first.acts.do("control/learn", ["dry_wet"])
        first.hands.hear([Signal("knob/2", 0.0, 0.0)])
        first.hands.hear([Signal("knob/2", 1.0, 1.0)])
        await first.acts.do("control/set", ["knob/2", "smoothing_ms", 20])

    first.play(learn)
    assert first.changes == [first.changes[0], first.hands.patch]
    second = Evening(tmp_path)
    assert second.hands.patch == first.hands.patch
    assert second.hands.patch.controls["knob/2"].smoothing_ms == 20.0
    assert second.said == []
    second.play(lambda: asyncio.sleep(0))


def test_with_a_given_patch_nothing_is_stored(tmp_path):
    evening = Evening(tmp_path, given=True)

    async def learn():
        for key in ("20", "30"):
            await evening.acts.do("control/set", ["knob/1", "smoothing_ms", key])

    evening.play(learn)
    assert evening.hands.patch.controls["knob/1"].smoothing_ms == 30.0
    assert len(evening.said) == 1
    assert not (tmp_path / "ondine").exists()


def test_every_act_that_is_listed_is_there_and_every_question_can_be_sent(tmp_path):
    evening = Evening(tmp_path)
    listed = {*CONTROL_ACTS, *REDUCE_ACTS, *MIDI_ACTS}
    assert set(evening.parts.acts()) == listed
    assert set(evening.parts.questions) == {"/ondine/control", "/ondine/reduce", "/ondine/midi"}
    for address, answer in evening.parts.questions.items():
        answers = answer()
        assert answers
        assert all(each.startswith(f"{address}/") for each, _ in answers)
        assert packets(answers)
    evening.apps.close()


def test_the_lights_tell_of_a_take(tmp_path):
    evening = Evening(tmp_path)
    evening.status["blocks"] = 1
    evening.parts.kept()

    async def look():
        assert evening.leds.lit(("recording",), 0.1)

    evening.play(look)
    assert not evening.leds.lit((), 0.1)
