"""The panel on the control loop: threads read, the loop hears."""

import asyncio
import threading
import time

from device.control.panel.profile import AnalogProfile, DistanceProfile, LedProfile, PanelProfile
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.source import PanelSource
from device.control.panel.wiring import RealWiring

PANEL = PanelProfile(
    knobs=(AnalogProfile(0, default=0.0), AnalogProfile(1, default=0.0)),
    distances=(DistanceProfile(),),
    leds=(LedProfile(25),),
)


def test_knobs_are_heard_on_the_loop_and_the_lights_go_out():
    async def played() -> None:
        wiring = SimulatedWiring(PANEL, time.monotonic)
        source = PanelSource(PANEL, wiring)
        heard: asyncio.Queue = asyncio.Queue()
        threads = set()

        def hear(signals):
            threads.add(threading.get_ident())
            heard.put_nowait(signals)

        async def until(name, value):
            while True:
                for signal in await asyncio.wait_for(heard.get(), 10):
                    if signal.name == name and abs(signal.value - value) < 0.002:
                        return signal

        source.start(asyncio.get_running_loop(), hear)
        source.leds.show("playing")
        first = await asyncio.wait_for(heard.get(), 10)
        assert [signal.name for signal in first][:2] == ["knob/1", "knob/2"]
        moved_s = time.monotonic()
        wiring.move("knob/2", 0.7)
        signal = await until("knob/2", 0.7)
        assert signal.when_s >= moved_s
        wiring.move("distance/1", 0.5)
        await until("distance/1", 0.5)
        assert wiring.board.outputs == {25: True}
        source.close()
        source.close()
        assert wiring.board.outputs == {25: False}
        assert threads == {threading.get_ident()}

    asyncio.run(played())


def test_a_computer_without_any_of_it_plays_on(caplog):
    panel = PanelProfile(spi_bus=15, i2c_bus=31, knobs=PANEL.knobs, distances=PANEL.distances)

    async def played() -> list:
        source = PanelSource(panel, RealWiring())
        heard: asyncio.Queue = asyncio.Queue()
        source.start(asyncio.get_running_loop(), heard.put_nowait)
        found: list = []
        while len(found) < 3:
            found += await asyncio.wait_for(heard.get(), 10)
        source.close()
        return found

    found = asyncio.run(played())
    assert {(s.name, s.value) for s in found} == {
        ("knob/1", 0.0),
        ("knob/2", 0.0),
        ("distance/1", 1.0),
    }
    assert len(caplog.records) == 2


def test_a_panel_that_never_started_closes():
    PanelSource(PANEL, SimulatedWiring(PANEL, time.monotonic)).close()
