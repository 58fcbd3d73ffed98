"""Drivers and simulated chips, byte by byte: both were made from the data sheets."""

import pytest

from device.control.panel import ads1115, mcp3008, mpu6050, vl53l0x
from device.control.panel.profile import (
    AnalogProfile,
    DistanceProfile,
    MotionProfile,
    PanelProfile,
)
from device.control.panel.simulated_buses import SimulatedI2c, SimulatedSpi
from device.control.panel.simulated_chips import (
    SimulatedAds1115,
    SimulatedMcp3008,
    SimulatedMpu6050,
    SimulatedVl53l0x,
)
from tests.device.control.panel.stage import Stage


def always() -> bool:
    return True


def test_an_mcp3008_is_asked_as_its_data_sheet_says():
    assert mcp3008.request(0) == bytes([0x01, 0x80, 0x00])
    assert mcp3008.request(5) == bytes([0x01, 0xD0, 0x00])
    assert mcp3008.counts(bytes([0xFF, 0xFA, 0xA5])) == 0x2A5


@pytest.mark.parametrize("channel", range(8))
@pytest.mark.parametrize("count", [0, 1, 511, 682, 1022, 1023])
def test_an_mcp3008_s_count_comes_through(channel, count):
    spi = SimulatedSpi(SimulatedMcp3008({channel: lambda: count / 1023}), always)
    assert mcp3008.Mcp3008(spi, (channel,)).read(0.0) == {channel: count}


def test_a_line_without_an_mcp3008_is_noticed():
    spi = SimulatedSpi(SimulatedMcp3008({}), lambda: False)
    with pytest.raises(OSError, match="no MCP3008"):
        mcp3008.Mcp3008(spi, (0,)).read(0.0)


def test_an_ads1115_is_started_as_its_data_sheet_says():
    assert ads1115.start(0) == bytes([0xC3, 0xE3])
    assert ads1115.start(3) == bytes([0xF3, 0xE3])


def test_an_ads1115_converts_one_channel_after_the_other():
    now_s = 0.0
    levels = {0: lambda: 0.25, 2: lambda: 1.0}
    chip = SimulatedAds1115(levels, lambda: now_s)
    driver = ads1115.Ads1115(SimulatedI2c({0x48: (chip, always)}), 0x48, (0, 2))
    assert driver.read(now_s) == {}
    assert driver.read(now_s) == {}  # not done yet
    found = []
    for _ in range(3):
        now_s += 0.004
        found.append(driver.read(now_s))
    assert found == [{0: 6600}, {2: 26400}, {0: 6600}]


def test_an_mpu6050_is_woken_and_measures():
    chip = SimulatedMpu6050(lambda: 30.0, lambda: -45.0, lambda: 0.0, lambda: 0.0)
    bus = SimulatedI2c({0x68: (chip, always)})
    assert bus.read(0x68, mpu6050.ACCEL_XOUT_H, 14) == bytes(14)
    sensor = mpu6050.MotionSensor("motion/1", lambda: bus, MotionProfile())
    sensor.open()
    assert bus.read(0x68, mpu6050.PWR_MGMT_1, 1) == b"\x01"
    values = {signal.name: signal.value for signal in sensor.read(1.0)}
    assert values["motion/1/pitch"] == pytest.approx(0.5 + 30 / 180, abs=1e-3)
    assert values["motion/1/roll"] == pytest.approx(0.5 - 45 / 180, abs=1e-3)
    assert values["motion/1/energy"] == pytest.approx(0.0, abs=1e-3)


def test_an_mpu6050_that_lost_its_power_is_noticed():
    chip = SimulatedMpu6050(lambda: 0.0, lambda: 0.0, lambda: 0.0, lambda: 0.0)
    sensor = mpu6050.MotionSensor(
        "motion/1", lambda: SimulatedI2c({0x68: (chip, always)}), MotionProfile()
    )
    sensor.open()
    sensor.read(1.0)
    chip.reset()
    with pytest.raises(OSError, match="measures nothing"):
        sensor.read(1.005)


def test_a_vl53l0x_is_calibrated_before_it_ranges():
    now_s = 0.0
    chip = SimulatedVl53l0x(lambda: 321.0, lambda: now_s)
    driver = vl53l0x.Vl53l0x(SimulatedI2c({0x29: (chip, always)}), 0x29)
    shots = []
    while len(shots) < 3:
        if shot := driver.read(now_s):
            shots.append((round(now_s, 3), *shot))
        now_s += 0.001
        assert now_s < 1.0
    assert [shot[1:] for shot in shots] == [(True, 321)] * 3
    assert shots[1][0] - shots[0][0] == pytest.approx(0.033, abs=0.002)


def test_a_vl53l0x_that_never_finishes_is_noticed():
    chip = SimulatedVl53l0x(lambda: 321.0, lambda: 0.0)
    driver = vl53l0x.Vl53l0x(SimulatedI2c({0x29: (chip, always)}), 0x29)
    driver.read(0.0)
    assert driver.read(0.4) is None
    with pytest.raises(OSError, match="does not finish"):
        driver.read(0.6)


@pytest.mark.parametrize(("driver", "word"), [("vl53l0x", "VL53L0X"), ("mpu6050", "MPU6050")])
def test_another_chip_at_the_address_is_refused(driver, word):
    chip = SimulatedAds1115({}, lambda: 0.0)
    bus = SimulatedI2c({0x29: (chip, always), 0x68: (chip, always)})
    sensor = (
        vl53l0x.DistanceSensor("distance/1", lambda: bus, DistanceProfile())
        if driver == "vl53l0x"
        else mpu6050.MotionSensor("motion/1", lambda: bus, MotionProfile())
    )
    with pytest.raises(OSError, match=f"no {word}"):
        sensor.open()


def test_nothing_there_is_far_away_and_one_missed_echo_is_not():
    stage = Stage(PanelProfile(distances=(DistanceProfile(),)))
    stage.wiring.move("distance/1", 0.25)
    stage.play(0.3)
    assert stage.values["distance/1"] == pytest.approx(0.25, abs=0.001)
    stage.wiring.move("distance/1", 1.0)
    stage.play(0.05)
    assert stage.said("distance/1") == []
    stage.play(0.2)
    assert stage.said("distance/1") == [1.0]


def test_a_knob_moves_and_reaches_its_ends_and_its_last_bit_is_no_movement():
    stage = Stage(PanelProfile(knobs=(AnalogProfile(0), AnalogProfile(7, name="knob/cutoff"))))
    stage.play(0.02)
    assert set(stage.values) == {"knob/1", "knob/cutoff"}
    heard = []
    for count in (500, 501, 500, 499, 502, 1022, 1023, 1022, 1, 0):
        stage.wiring.move("knob/cutoff", count / 1023)
        stage.play(0.004)
        heard += [round(value * 1023) for value in stage.said("knob/cutoff")]
        assert not stage.said("knob/1")
    assert heard == [500, 502, 1022, 1023, 1, 0]


def test_pedals_on_an_ads1115_follow():
    pedals = (AnalogProfile(0, chip="ads1115"), AnalogProfile(3, chip="ads1115"))
    stage = Stage(PanelProfile(pedals=pedals))
    stage.wiring.move("pedal/1", 0.2)
    stage.wiring.move("pedal/2", 1.0)
    stage.play(0.02)
    assert stage.values == pytest.approx({"pedal/1": 0.2, "pedal/2": 1.0}, abs=1e-4)
