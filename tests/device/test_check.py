"""The gig check, on machines laid out as folders, on a simulated card, and on this very machine.

Every folder holds real files; programs that fail are real programs that fail.
"""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from rich.console import Console

from device.audio.grants import Grants
from device.bench import Result, machine
from device.bundle import Bundle, read_bundle
from device.check import examine
from device.config import AudioProfile, EngineProfile, MemoryProfile, Profile, RecordingProfile
from device.gig.finding import VERDICTS, Finding, exit_code
from device.gig.ground import Ground
from device.gig.instruments import Instruments, instruments
from device.gig.memory import MIB, graph_bytes, memory
from device.gig.paper import PATIENCE_S, Waiting, json_of, show
from device.gig.power import power
from device.gig.processor import processor
from device.gig.programs import programs
from device.gig.rights import rights
from device.gig.sound import SeenCard, cards, chosen_card, look_at_cards
from device.gig.sounding import Sounding, sounding
from device.gig.storage import mount_of, storage
from device.gig.tiny_graph import float_and_int8
from device.manifest import fingerprint
from device.paths import RunFolder, run_folder, seen_file
from device.seen import write_seen
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder, tiny_encoder
from tests.simcard.simcard import SimCard

ROOT = Path(__file__).parents[2]


def no_firmware() -> str:
    raise FileNotFoundError("vcgencmd")


def lay(root: Path, files: Mapping[str, str]) -> Ground:
    """A machine with these files, and the user's own folders beside them."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Ground(root, environment(root), ask_firmware=no_firmware)


def environment(home: Path) -> dict[str, str]:
    """This process's, with every folder of the user's under `home`."""
    own = {name: str(home / name) for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "HOME")}
    for folder in own.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    return os.environ | own | {"XDG_STATE_HOME": str(home / "state")}


def only(findings: object) -> Finding:
    found = list(findings)  # type: ignore[call-overload]
    assert len(found) == 1, found
    return found[0]


def named(findings: object, what: str) -> Finding:
    return only(f for f in findings if f.what == what)  # type: ignore[attr-defined]


# What runs here


def test_the_tiny_graph_is_one_that_onnx_accepts():
    graph, weight = float_and_int8()
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    assert len(np.unique(np.frombuffer(weight, np.int8))) > 16


def test_python_and_onnxruntime_run_here():
    found = list(programs(Ground()))
    assert [f.what for f in found] == ["Python", "onnxruntime"]
    assert {f.level for f in found} == {"fine"}
    assert "computes rightly" in found[1].sentence


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("kill -ILL $$", "uses instructions that this processor lacks"),
        ("kill -SEGV $$", "it died by SIGSEGV"),
        ("echo no module >&2; exit 1", "it ended with status 1 (no module)"),
        ("echo what", "it ended with status 0"),
        ("""echo '{"version": "9.9", "error": 3.0}'""", "9.9 computes wrongly here"),
        ("""echo '{"version": "9.9", "error": NaN}'""", "9.9 computes wrongly here"),
        ("""echo '[]'""", "it ended with status 0"),
    ],
)
def test_a_runtime_that_does_not_run_is_told(tmp_path, program, sentence):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    found = named(programs(Ground(python=str(python))), "onnxruntime")
    assert found.level == "stop"
    assert sentence in found.sentence


def test_a_runtime_that_is_not_there_stops_the_check_before_it_is_needed(tmp_path):
    ground = dataclasses.replace(lay(tmp_path, {}), python=str(tmp_path / "none"))
    found = list(examine(ground=ground))
    assert "could not be started" in named(found, "onnxruntime").sentence
    assert exit_code(found) == 2


# Settings, and what plays now


def test_a_profile_that_cannot_be_read_stops(tmp_path):
    (tmp_path / "bad.toml").write_text("[audio]\ncard = 1\n")
    ground = lay(tmp_path, {})
    theirs = {**ground.environment, "ONDINE_PROFILE": str(tmp_path / "bad.toml")}
    found = named(examine("none", dataclasses.replace(ground, environment=theirs)), "settings")
    assert found.level == "stop"
    assert "did you mean cards?" in found.sentence


@pytest.fixture
def playing(tmp_path) -> tuple[RunFolder, Status]:
    """A status as an audio process in good health (this one) leaves it."""
    folder = run_folder(environment(tmp_path))
    status = Status(folder.status, create=True)
    status["pid"], status["heartbeat_s"], status["realtime"] = os.getpid(), 100.0, 1.0
    status.say("name", "glass")
    status.say("card", "Box")
    return folder, status


def test_what_plays_now_is_seen(playing):
    folder, status = playing
    assert sounding(folder, 101.0, Ground()) == Sounding("glass", "Box", "", 0, True, False)
    status["late_blocks"] = 3.0
    status.say("trouble", "Box is gone")
    seen = sounding(folder, 101.0, Ground())
    assert seen is not None
    assert (seen.dropouts, seen.trouble) == (3, "Box is gone")


def test_what_stopped_died_or_hangs_does_not_play(playing, tmp_path):
    folder, status = playing
    assert sounding(folder, 111.0, Ground()) is None
    assert sounding(folder, 101.0, Ground(root=tmp_path)) is None  # no such process there
    status["stopped"] = 1.0
    assert sounding(folder, 101.0, Ground()) is None
    folder.status.write_bytes(b"of another version")
    assert sounding(folder, 101.0, Ground()) is None
    folder.status.unlink()
    assert sounding(folder, 101.0, Ground()) is None


def test_the_check_tells_what_plays_and_believes_its_rights(playing, tmp_path):
    _, status = playing
    status["heartbeat_s"] = time.monotonic()
    status["late_blocks"] = 2.0
    ground = Ground(environment=environment(tmp_path), ask_firmware=no_firmware)
    found = list(examine("none", ground))
    assert "glass plays now, 2 dropouts so far" in named(found, "playing").sentence
    assert named(found, "playing").level == "worry"
    assert named(found, "real time").sentence == "granted to what plays now"
    assert named(found, "memory lock").level == "worry"


# Cards

ANY = Grants(((44_100, 96_000),), ("S16_LE", "S32_LE"), (2,), (32, 4096))
BOX = SeenCard("Box", "usb", True, True, ANY, ANY)
HAT = SeenCard("Hat", "hat", False, True, ANY)
SCREEN = SeenCard("Screen", "hdmi", False, True, ANY)


def test_no_card_is_a_stop(tmp_path):
    found = only(cards((), AudioProfile(cards=("usb",)), None, lay(tmp_path, {})))
    assert found.level == "stop"
    assert "asks for usb" in found.sentence


def test_a_good_card_is_told_with_what_it_grants(tmp_path):
    found = only(cards((BOX,), AudioProfile(), None, lay(tmp_path, {})))
    assert found == Finding(
        "card Box",
        "fine",
        "USB; in and out; 44100 to 96000 Hz; S16_LE, S32_LE; up to 2 in, 2 out; "
        "periods of 32 to 4096 frames",
    )


@pytest.mark.parametrize(
    ("wishes", "seen", "name"),
    [
        ((), (SCREEN, HAT, BOX), "Box"),
        ((), (SCREEN, HAT), "Hat"),
        (("hat",), (BOX, HAT), "Box"),  # the only one that hears
        (("Screen",), (SCREEN, HAT), "Screen"),
        (("sim",), (dataclasses.replace(BOX, name="sim", kind=""), HAT), "sim"),
        (("Gone", "any"), (SCREEN,), "Screen"),
        (("Box",), (dataclasses.replace(BOX, trouble="is in use"), HAT), "Hat"),
        (("Box",), (dataclasses.replace(BOX, trouble="is in use"),), None),
        ((), (dataclasses.replace(BOX, playback=None),), None),
    ],
)
def test_the_card_that_would_play_is_known(wishes, seen, name):
    card = chosen_card(seen, AudioProfile(cards=wishes))
    assert (card and card.name) == name


@pytest.mark.parametrize(
    ("audio", "grants", "sentence"),
    [
        (AudioProfile(inputs=(1, 3)), {}, "maps input 3, and it has 2. Change audio.inputs"),
        (AudioProfile(outputs=(9,)), {}, "maps output 9, and it has 2. Change audio.outputs"),
        (AudioProfile(), {"formats": ("MU_LAW",)}, "speaks MU_LAW, and Ondine S32_LE"),
        (AudioProfile(), {"period_frames": (512, 4096)}, "periods of 512 to 4096 frames"),
    ],
)
def test_a_card_that_does_not_serve_is_told(tmp_path, audio, grants, sentence):
    side = dataclasses.replace(ANY, **grants)
    card = dataclasses.replace(BOX, playback=side, capture=side)
    found = only(cards((card,), audio, None, lay(tmp_path, {})))
    assert found.level == "worry"
    assert sentence in found.sentence


def test_wishes_of_the_profile_that_are_not_there_are_told(tmp_path):
    found = list(cards((HAT,), AudioProfile(cards=("Box", "hat")), None, lay(tmp_path, {})))
    assert named(found, "profile").sentence.startswith("It asks for Box, which")
    assert "Hat would play" in named(found, "profile").sentence


def test_a_card_that_only_hears_is_no_card_to_play_on(tmp_path):
    ear = SeenCard("Ear", "usb", True, False, capture=ANY)
    found = list(cards((ear, HAT), AudioProfile(), None, lay(tmp_path, {})))
    assert "nothing can be played on it" in named(found, "card Ear").sentence
    assert exit_code(found) == 0


BUSY = {
    "proc/asound/cards": " 0 [Box            ]: USB-Audio - Stage Box\n"
    "                      Maker Stage Box at usb-1, high speed\n",
    "proc/asound/card0/id": "Box\n",
    "proc/asound/card0/usbid": "1234:5678\n",
    "proc/asound/card0/pcm0p/info": "id: USB Audio\n",
    "proc/asound/card0/pcm0p/sub0/status": "state: RUNNING\nowner_pid   : 812\n",
    "proc/812/comm": "pulseaudio\n",
}


def test_a_card_that_another_program_plays_on_is_left_alone(tmp_path):
    ground = lay(tmp_path, BUSY)
    seen = look_at_cards(AudioProfile(), None, ground)
    assert [(card.name, card.trouble) for card in seen] == [
        ("Box", "is in use by pulseaudio (process 812)")
    ]
    found = list(cards(seen, AudioProfile(), None, ground))
    assert named(found, "sound").level == "stop"
    beside = list(cards((*seen, HAT), AudioProfile(cards=("usb", "hat")), None, ground))
    assert named(beside, "card Box").level == "worry"
    assert exit_code(beside) == 1


def test_a_card_that_ondine_plays_on_is_left_alone(tmp_path):
    ground = lay(tmp_path, BUSY)
    now = Sounding("glass", "Box", "", 0, True, True)
    seen = look_at_cards(AudioProfile(), now, ground)
    found = only(cards(seen, AudioProfile(), now, ground))
    assert found.level == "fine"
    assert "plays on it now" in found.sentence


def test_programs_that_take_cards_are_told_with_the_way_to_end_them(tmp_path):
    ground = lay(tmp_path, {"proc/7/comm": "pipewire\n", "proc/8/comm": "bash\n"})
    found = named(cards((BOX,), AudioProfile(), None, ground), "sound server")
    assert found.level == "worry"
    assert "systemctl --user stop pipewire.socket" in found.sentence


# Rights


@pytest.mark.parametrize(
    ("said", "levels", "sentence"),
    [
        ({"priority": "", "memory": "", "rttime_us": -1}, ("fine", "fine"), "granted"),
        ({"priority": "no way: x", "memory": "", "rttime_us": -1}, ("worry", "fine"), "No way: x."),
        ({"priority": "", "memory": "not locked", "rttime_us": -1}, ("fine", "worry"), "granted"),
        ({"priority": "", "memory": "", "rttime_us": 200_000}, ("worry", "fine"), "for 200 ms"),
    ],
)
def test_rights_are_tried_in_another_process(tmp_path, said, levels, sentence):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\n")
    python.chmod(0o755)
    found = list(rights(Ground(tmp_path, python=str(python)), None))
    assert (named(found, "real time").level, named(found, "memory lock").level) == levels
    assert sentence in named(found, "real time").sentence


def posture() -> tuple[int, str]:
    """This thread's scheduling, and how much of this process's memory is locked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return os.sched_getscheduler(0), next(line for line in lines if line.startswith("VmLck"))


def test_the_check_keeps_no_right_that_it_tried():
    before = posture()
    found = list(rights(Ground(), None))
    assert {f.what for f in found} == {"real time", "memory lock", "brake"}
    assert posture() == before


@pytest.mark.parametrize(
    ("runtime_us", "level", "sentence"),
    [
        ("950000", "fine", "keeps 5% for the system"),
        ("-1", "worry", "the machine could lock up"),
        ("500000", "worry", "only 50% of the time"),
    ],
)
def test_the_kernel_s_brake(tmp_path, runtime_us, level, sentence):
    kernel = "proc/sys/kernel"
    ground = lay(
        tmp_path,
        {f"{kernel}/sched_rt_runtime_us": runtime_us, f"{kernel}/sched_rt_period_us": "1000000"},
    )
    found = named(rights(ground, Sounding("x", "", "", 0, True, True)), "brake")
    assert found.level == level
    assert sentence in found.sentence


# Processor, power, heat

CPU = "sys/devices/system/cpu"


def governed(root: Path, governor: str) -> Ground:
    policy = f"{CPU}/cpufreq/policy0"
    return lay(
        root, {f"{policy}/affected_cpus": "0 1", f"{policy}/scaling_governor": f"{governor}\n"}
    )


def test_a_quiet_processor_at_full_clock_is_fine(tmp_path):
    ground = governed(tmp_path, "performance")
    found = list(processor(AudioProfile(), ground))
    assert [(f.what, f.level) for f in found] == [("cores", "fine"), ("clock", "fine")]


def test_a_clock_that_audio_may_take_is_fine_and_one_that_it_may_not_is_told(tmp_path):
    ground = governed(tmp_path, "ondemand")
    assert "takes performance" in named(processor(AudioProfile(), ground), "clock").sentence
    told = named(processor(AudioProfile(governor=False), ground), "clock")
    assert told.level == "worry"
    assert "tee" in told.sentence
    assert "Governor ondemand, and the profile leaves it so" in told.sentence


@pytest.mark.parametrize(
    ("cpu", "files", "level", "sentence"),
    [
        (-1, {"proc/loadavg": "99.0 1 1 1/1 1"}, "worry", "End other programs"),
        (1000, {}, "worry", "on core 1000, and there are"),
        (0, {}, "fine", "audio keeps to core 0"),
        (3, {f"{CPU}/isolated": "3"}, "fine", "core 3, alone"),
        (0, {f"{CPU}/isolated": "2-3"}, "worry", "Set audio.cpu = 2"),
    ],
)
def test_cores(tmp_path, cpu, files, level, sentence):
    found = only(processor(AudioProfile(cpu=cpu), lay(tmp_path, files)))
    assert found.level == level
    assert sentence in found.sentence


def test_naps(tmp_path):
    idle = f"{CPU}/cpu0/cpuidle/state2"
    ground = lay(tmp_path, {f"{idle}/latency": "1500", f"{idle}/disable": "0"})
    found = named(processor(AudioProfile(), ground), "naps")
    assert found.level == "worry"
    assert "begins 1.5 ms late" in found.sentence
    lay(tmp_path, {"dev/cpu_dma_latency": ""})
    assert named(processor(AudioProfile(), ground), "naps").level == "fine"


@pytest.mark.parametrize(
    ("answer", "level", "sentence"),
    [
        ("throttled=0x0", "fine", "no throttling since it started"),
        ("throttled=0x50000", "worry", "since it started: too little voltage, throttling. Use"),
        ("throttled=0x50005", "worry", "now: too little voltage, throttling. Use"),
        ("what", "worry", "vcgencmd does not answer"),
        (OSError("broken"), "worry", "vcgencmd does not answer"),
    ],
)
def test_the_power_of_a_pi(tmp_path, answer, level, sentence):
    def ask() -> str:
        if isinstance(answer, OSError):
            raise answer
        return answer

    found = only(power(dataclasses.replace(lay(tmp_path, {}), ask_firmware=ask)))
    assert (found.what, found.level) == ("power", level)
    assert sentence in found.sentence


def test_a_desktop_tells_nothing_of_its_power_but_its_heat(tmp_path):
    zone = "sys/class/thermal/thermal_zone0"
    ground = lay(tmp_path, {f"{zone}/type": "cpu-thermal", f"{zone}/temp": "51200"})
    assert only(power(ground)) == Finding("heat", "fine", "51 °C")
    lay(tmp_path, {f"{zone}/temp": "81000"})
    assert "Give it air" in only(power(ground)).sentence


# Disk, swap, memory


def test_the_mount_of_a_folder_is_the_nearest_above_it(tmp_path):
    ground = lay(
        tmp_path,
        {
            "proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n"
            "/dev/sda1 /media/my\\040stick vfat ro 0 0\n"
            "tmpfs /media tmpfs rw 0 0\n"
        },
    )
    stick = mount_of(Path("/media/my stick/takes"), ground)
    assert stick is not None
    assert (stick.device, stick.options) == ("/dev/sda1", {"ro"})
    root = mount_of(Path("/mediator"), ground)
    assert root is not None
    assert root.kind == "ext4"
    assert mount_of(Path("/x"), Ground(tmp_path / "empty")) is None


def on_card(root: Path, options: str, more: Mapping[str, str] | None = None) -> Ground:
    mounts = {"proc/mounts": f"/dev/mmcblk0p2 / ext4 {options} 0 0\n"}
    return lay(root, mounts | dict(more or {}))


@pytest.mark.parametrize(
    ("options", "more", "level", "sentence"),
    [
        ("rw", {}, "fine", "GiB free at /"),
        ("ro,noatime", {}, "worry", "cannot be written"),
        ("rw", {"sys/fs/ext4/mmcblk0p2/errors_count": "0\n"}, "fine", "free"),
        ("rw", {"sys/fs/ext4/mmcblk0p2/errors_count": "4\n"}, "worry", "has counted 4 errors"),
    ],
)
def test_the_disk(tmp_path, options, more, level, sentence):
    ground = on_card(tmp_path, options, more)
    folders = [tmp_path / "not/made/yet", tmp_path]  # both on one disk: told once
    found = only(storage(folders, ground))
    # This machine's own disk may be nearly full.
    assert found.level == level or "Make room" in found.sentence
    assert sentence in found.sentence


@pytest.mark.parametrize(
    ("swap", "told"),
    [
        ("", False),
        ("/dev/zram0 partition 1 0 100\n", False),
        ("/dev/mmcblk0p3 partition 1 0 -2\n", True),
        ("/var/swap file 1 0 -2\n", True),
    ],
)
def test_swap_on_a_memory_card(tmp_path, swap, told):
    ground = on_card(tmp_path, "rw", {"proc/swaps": f"Filename Type Size Used Priority\n{swap}"})
    assert any(f.what == "swap" for f in storage([], ground)) == told


@pytest.mark.parametrize(
    ("free_mib", "playing", "level"),
    [(2000, False, "fine"), (400, False, "worry"), (300, False, "worry"), (300, True, "fine")],
)
def test_memory_for_two_engines_and_the_tape(tmp_path, free_mib, playing, level):
    """60 of the process, 2 · (10 + 1.7 · 50) of engines, 50 of graphs, 44 of tape, 64 free."""
    ground = lay(tmp_path, {"proc/meminfo": f"MemAvailable: {free_mib * 1024} kB\n"})
    profile = Profile(recording=RecordingProfile(2.0), memory=MemoryProfile(64))
    sizes = {"small": 1 * MIB, "large": 50 * MIB}
    found = memory(sizes, profile, playing, ground)
    assert found is not None
    assert found.level == level
    assert "large" in found.sentence
    if not playing:
        assert "344" in found.sentence
    assert memory(sizes, profile, playing, Ground(tmp_path / "empty")) is None


# Instruments


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Ground:
    """Nothing where we stand; the user's own folder is to be filled."""
    (tmp_path / "stand").mkdir()
    monkeypatch.chdir(tmp_path / "stand")
    ground = lay(tmp_path, {})
    (tmp_path / "XDG_DATA_HOME/ondine/models").mkdir(parents=True)
    return ground


def put(ground: Ground, name: str, bundle: Bundle) -> Path:
    folder = Path(ground.environment["XDG_DATA_HOME"]) / "ondine/models"
    return save(bundle, folder / f"{name}.ondine")


def look(ground: Ground, model: str | None = None, **options: object) -> Instruments:
    profile = Profile(**options)  # type: ignore[arg-type]
    return instruments(model, profile, BOX, ground, lambda *_: None)


def measured(ground: Ground, path: Path, p999_ms: float, precision: str = "fp32") -> None:
    m = read_bundle(path).manifest
    about = (m.name, fingerprint(m), machine(), precision, m.sample_rate_hz, m.block_frames)
    times = (0.1, 0.2, p999_ms, p999_ms)
    write_seen(seen_file(ground.environment), [Result(*about, m.block_frames, 1000, *times)])


def test_an_instrument_is_admitted_measured_and_told(shelf):
    path = put(shelf, "glass", tiny_autoencoder(delay=64))
    found = look(shelf, "glass")
    assert named(found.findings, "glass").sentence == "12.0 ms from in to out; not measured"
    assert named(found.findings, "not measured").level == "worry"
    assert "ondine bench" in named(found.findings, "not measured").sentence
    measured(shelf, path, 1.0)  # of 5.33 ms
    found = look(shelf, "glass")
    assert found.findings == (
        Finding("glass", "fine", "12.0 ms from in to out; fits in fp32 (19% load)"),
    )
    assert found.graph_bytes["glass"] > 100


@pytest.mark.parametrize(
    ("p999_ms", "headroom", "sentence"),
    [
        (4.8, 0, "It does not fit this machine (90% of the deadline): choose a smaller model."),
        (2.4, 128, "(90% of the deadline): a headroom of 256 frames would do."),
    ],
)
def test_an_instrument_that_is_too_slow_at_this_headroom(shelf, p999_ms, headroom, sentence):
    measured(shelf, put(shelf, "glass", tiny_autoencoder()), p999_ms)
    found = named(
        look(shelf, "glass", audio=AudioProfile(headroom_frames=headroom)).findings, "glass"
    )
    assert found.level == "worry"
    assert sentence in found.sentence


def test_only_the_precision_that_the_profile_allows_counts(shelf):
    path = put(shelf, "glass", tiny_autoencoder(int8=True))
    measured(shelf, path, 9.0, "int8")
    measured(shelf, path, 1.0, "fp32")
    assert "fits in fp32" in named(look(shelf, "glass").findings, "glass").sentence
    only_int8 = look(shelf, "glass", engine=EngineProfile(precision="int8")).findings
    assert "does not fit" in named(only_int8, "glass").sentence
    m = read_bundle(path).manifest
    assert (
        graph_bytes(path, m, "fp32") != graph_bytes(path, m, "int8") == graph_bytes(path, m, "auto")
    )


@pytest.mark.slow
def test_bad_bundles_are_worries_beside_a_good_one_and_stops_alone(shelf):
    put(shelf, "ear", tiny_encoder())
    folder = put(shelf, "bells", tiny_decoder()).parent
    (folder / "broken.ondine").write_bytes(b"no bundle")
    found = look(shelf)
    assert "no method that makes sound" in named(found.findings, "ear").sentence
    assert "broken.ondine" not in named(found.findings, "broken").sentence
    assert {f.what: f.level for f in found.findings if f.what in ("ear", "broken")} == {
        "ear": "worry",
        "broken": "worry",
    }
    assert exit_code(look(shelf, "ear").findings) == 2
    missing = only(look(shelf, "bell").findings)
    assert (missing.level, "did you mean bells?" in missing.sentence) == ("stop", True)


@pytest.mark.parametrize(
    ("card", "level", "sentence"),
    [
        (HAT, "worry", "It listens, and Hat has no input."),
        (
            dataclasses.replace(
                BOX,
                playback=dataclasses.replace(ANY, rates_hz=((44_100, 44_100),)),
            ),
            "fine",
            "resampled: it is of 48000 Hz and Box of 44100",
        ),
        (
            dataclasses.replace(
                BOX,
                playback=dataclasses.replace(ANY, rates_hz=((192_000, 192_000),)),
            ),
            "worry",
            "no rate for both directions",
        ),
    ],
)
def test_rates_and_inputs_that_differ(shelf, card, level, sentence):
    measured(shelf, put(shelf, "glass", tiny_autoencoder()), 1.0)
    found = only(instruments("glass", Profile(), card, shelf, lambda *_: None).findings)
    assert found.level == level
    assert sentence in found.sentence


# On paper

FOUND = [
    Finding("Python", "fine", "3.11"),
    Finding("a name that is too long", "worry", "x" * 70),
    Finding("[bold]", "stop", "\x1b[31m[red]no colour[/]"),
]


@pytest.mark.parametrize(("count", "code"), [(0, 0), (1, 0), (2, 1), (3, 2)])
def test_the_exit_code_is_that_of_the_worst(count, code):
    assert exit_code(FOUND[:count]) == code
    assert json.loads(json_of(FOUND[:count]))["code"] == code


def test_it_fits_80_columns_and_no_stranger_s_text_is_obeyed(tmp_path):
    with (tmp_path / "out").open("w") as file:
        console = Console(file=file, width=80, highlight=False)
        assert show(console, FOUND) == 2
    text = (tmp_path / "out").read_text()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.count("x") == 70
    assert "[red]no colour[/]" in text
    assert "\x1b" not in text
    assert text.rstrip().endswith(VERDICTS[2])


def test_what_takes_long_is_told_on_a_terminal(tmp_path):
    with (tmp_path / "out").open("w") as file:
        now = [0.0]
        console = Console(file=file, force_terminal=True, width=80)
        waiting = Waiting(console, clock=lambda: now[0])
        waiting.tell("first", 0, 3)
        now[0] = PATIENCE_S
        waiting.tell("second", 1, 3)
        waiting.close()
    text = (tmp_path / "out").read_text()
    assert "first" not in text
    assert "looking at second, 2 of 3" in text


# All of it, in a process of its own: alsa-lib reads which cards there are once


def check(card: SimCard, home: Path, profile: str = "") -> tuple[int, list[Finding]]:
    (home / "profile.toml").write_text(f'name = "stage"\n[audio]\ncards = ["sim"]\n{profile}')
    ended = subprocess.run(
        [sys.executable, "-c", "from device.cli import main; main()", "check", "glass", "--json"],
        env=card.environment() | environment(home) | {"ONDINE_PROFILE": str(home / "profile.toml")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = json.loads(ended.stdout)
    assert told["code"] == ended.returncode
    return ended.returncode, [Finding(**finding) for finding in told["findings"]]


@pytest.mark.slow
def test_on_a_simulated_card(tmp_path, shelf):
    put(shelf, "glass", tiny_autoencoder())
    card = SimCard(tmp_path, rate_hz=44_100, format_name="S16_LE")
    code, found = check(card, tmp_path)
    assert code in (0, 1)  # the rights and the load of this machine are its own
    assert "in and out; 44100 Hz; S16_LE; up to 2 in, 2 out" in named(found, "card sim").sentence
    assert "resampled: it is of 48000 Hz and sim of 44100" in named(found, "glass").sentence


def test_a_simulated_card_that_is_played_on_is_not_opened(tmp_path, shelf, playing):
    put(shelf, "glass", tiny_autoencoder())
    _, status = playing
    status["heartbeat_s"] = time.monotonic()
    status.say("card", "sim")
    card = SimCard(tmp_path)
    card.unplug()  # whoever opened it now would be told so
    _, found = check(card, tmp_path)
    assert "Ondine plays on it now" in named(found, "card sim").sentence
    assert "glass plays now" in named(found, "playing").sentence
