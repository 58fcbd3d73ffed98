"""Who reaches an instrument by which door: what is in the network, and what is not."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from device.config import Profile
from device.control.desk import Desk
from device.control.osc import Ask, Order, Perform, Press, Steer
from device.maps.acts import MAP_ACTS
from device.params import ParamSpec, ParamTable, specs_of
from device.paths import RunFolder
from device.play.acts import Acts, ActSpec, Argument
from device.play.box_acts import BOX_ACTS, box_acts
from device.play.orders import Orders
from device.play.playing import Asked, Playing
from device.play.reach import Reach, Reached
from device.play.swap import Swap
from device.play.wish import Play
from device.scenes.acts import MORPH_ACTS, SCENE_ACTS
from device.status import Status
from tests.bundles import tiny_autoencoder
from tests.device.play.test_swap import BOUND_S

FILE = ActSpec("map/load", "From a file.", (Argument("file"),), local=True)


class House:
    def __init__(self, place):
        self.said, self.done = [], []
        self.folder = RunFolder(place)
        Status(self.folder.status, create=True)
        manifest = tiny_autoencoder().manifest
        self.desk = Desk(ParamTable(self.folder.params, create=True), specs_of(manifest))
        self.playing = Playing(Path("/glass"), manifest, 1, "auto", "none", "", None, Asked())
        self.besides = {}
        swap = Swap(
            self.folder,
            self.desk,
            self.playing,
            admit=lambda path: manifest,
            precision=lambda manifest, asked: "auto",
            changed=lambda now: None,
        )
        every = {spec: self.noting(spec) for spec in (*SCENE_ACTS, *MORPH_ACTS, FILE)}
        own = box_acts(
            lambda: self.orders,
            panic=lambda: self.done.append("panic"),
            defaults=lambda: self.done.append("defaults"),
            reset=lambda: self.done.append("reset"),
        )
        self.acts = Acts({**own, **every})
        self.orders = Orders(
            swap,
            acts=self.acts,
            keep=self.keep,
            stop=lambda: None,
            say=self.said.append,
        )
        self.reach = Reach(
            Play(osc_port=-1),
            Profile(),
            self.folder,
            self.desk,
            self.orders,
            self.acts.specs,
            Reached(
                lambda: self.playing,
                lambda: self.besides,
                lambda id: 0.25,
                {"/ondine/scenes": lambda: [("/ondine/scenes/1", ["Dawn", "glass"])]},
                lambda: self.done.append("quiet"),
            ),
            self.said.append,
        )

    def noting(self, spec):
        return lambda *given: self.done.append((spec.name, *given)) or "done"

    async def keep(self, request):
        self.done.append("keep")
        return "Kept."

    @property
    def routes(self):
        return self.reach._routes()

    def run(self, route, *given):
        async def main():
            route.call(list(given))
            while self.orders._begun:
                await asyncio.gather(*self.orders._begun)

        asyncio.run(asyncio.wait_for(main(), BOUND_S))
        return self.done


@pytest.fixture
def house():
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        yield House(Path(place))


def test_panic_lowers_the_output_and_silences_what_sounds_beside_it(house):
    panic = house.routes["/ondine/panic"]
    panic.call()
    assert (panic.values, house.done) == ((("output_gain_db", -60.0),), ["quiet"])


def test_every_act_that_names_no_file_of_ours_has_an_address(house):
    acts = {a for a, route in house.routes.items() if isinstance(route, Perform)}
    assert acts == {f"/ondine/{spec.name}" for spec in (*SCENE_ACTS, *MORPH_ACTS)}
    assert f"/ondine/{FILE.name}" not in house.routes


def test_every_act_of_a_learned_map_that_takes_a_file_is_local():
    for spec in MAP_ACTS:
        assert spec.local or not any(a.name in ("file", "path") for a in spec.arguments)


def test_what_has_always_been_there_is_there_as_it_was(house):
    kinds = {spec.name: type(house.routes[f"/ondine/{spec.name}"]) for spec in BOX_ACTS}
    assert kinds == {
        "panic": Press,
        "defaults": Press,
        "reset": Press,
        "keep": Order,
        "load": Order,
    }


def test_an_act_that_writes_to_the_disk_counts_as_an_order(house):
    slow = {a for a, route in house.routes.items() if isinstance(route, Perform) and route.slow}
    assert "/ondine/scene/save" in slow
    assert "/ondine/scene/recall" not in slow


def test_an_address_has_its_act_done_and_the_screen_told(house):
    assert house.run(house.routes["/ondine/scene/rename"], 3.0, "Dawn") == [
        ("scene/rename", "3", "Dawn")
    ]
    assert house.said[-1] == "done"
    house.run(house.routes["/ondine/scene/rename"], 3.0)
    assert house.said[-1].startswith("Scene/rename was given 1 arguments; send scene/rename")
    assert len(house.done) == 1


def test_questions_are_answered(house):
    route = house.routes["/ondine/scenes"]
    assert isinstance(route, Ask)
    assert route.answers() == [("/ondine/scenes/1", ["Dawn", "glass"])]


def test_macros_come_and_go_with_the_patch(house):
    assert "/ondine/param/macro/far" not in house.routes
    house.besides = {"macro/far": ParamSpec("macro/far", "Far", 0.0, 1.0, 0.0, group="macro")}
    house.reach.renew()
    assert house.routes["/ondine/raw/macro/far"] == Steer("macro/far", raw=True)
    node = house.reach._offer().readable()["/ondine/param/macro/far"]
    assert (node.read(), node.minimum, node.maximum) == (0.25, 0.0, 1.0)


def test_what_is_offered_says_what_acts_take(house):
    from device.control.oscquery.tree import methods_in

    methods = methods_in(house.reach._offer().root)
    recall, following = methods["/ondine/scene/recall"], methods["/ondine/scene/next"]
    assert (recall.types, recall.description) == ("s", "Put everything back as it was in a scene.")
    assert following.types == "T"
    assert methods["/ondine/morph/glide"].types == "f"
    assert "/ondine/map/load" not in methods
    # On a layout are the instrument's own parameters only.
    house.besides = {"morph/x": ParamSpec("morph/x", "Morph x", 0.0, 1.0, 0.0)}
    files = house.reach._offer().files
    assert b"morph" not in files["/layout.json"].make()


def test_a_port_that_cannot_be_had_costs_osc_only(house):
    assert house.reach.sources == []
    assert any("Playing without OSC" in sentence for sentence in house.said)
    house.reach.renew()


@pytest.mark.parametrize(
    ("act", "done"), [("panic", "panic"), ("defaults", "defaults"), ("reset", "reset")]
)
def test_a_button_may_panic(house, act, done):
    said = asyncio.run(house.acts.do(act))
    assert house.done == [done]
    assert said.endswith(".")


def test_a_button_may_keep_and_load(house):
    async def main():
        assert await house.acts.do("keep") == ""
        assert await house.acts.do("load", ["../glass"]) == ""
        while house.orders._begun:
            await asyncio.gather(*house.orders._begun)

    asyncio.run(main())
    assert house.done == ["keep"]
    assert any("is not a name" in sentence for sentence in house.said)


def test_a_press_that_cannot_be_understood_is_said(house):
    house.orders.press("scene/rename 'x")
    assert house.said[-1].startswith("A button does nothing: ")
