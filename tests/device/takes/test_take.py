"""Takes: to the sample what was put on the tape, whole or not there at all, and playable again."""

import datetime
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.audio.tape import SPARE_S, Tape
from device.control.desk import Desk
from device.control.journal import Instrument, Journal
from device.control.source import Reading
from device.control.timeline import Timeline
from device.control.timeline_file import read_timeline
from device.engine.engine import Engine
from device.errors import AudioError
from device.params import SLOTS, ParamTable, specs_of
from device.render import render
from device.takes.take import keep_take, length, takes_folder
from tests.bundles import tiny_effect

NOW = datetime.datetime(2026, 11, 21, 5, 44, 30, tzinfo=datetime.UTC)
RATE, BLOCK = 1000, 100


@pytest.fixture
def tape(tmp_path):
    return make(tmp_path)


def make(tmp_path, seconds=5.0, channels=2):
    path = tmp_path / "tape"
    return Tape(path, channels=channels, sample_rate_hz=RATE, seconds=seconds, create=True)


def play(tape, blocks, start_s=100.0, seed=0):
    """Put noise, a block each tenth of a second; returns it, [channels, frames]."""
    random = np.random.default_rng(seed)
    audio = random.uniform(-1.0, 1.0, (tape.channels, blocks * BLOCK)).astype(np.float32)
    for k in range(blocks):
        tape.put(audio[:, k * BLOCK : (k + 1) * BLOCK], start_s + k * BLOCK / RATE)
    return audio


def keep(tape, folder, **options):
    given = {"name": "drift", "now": NOW, "now_s": 200.0} | options
    return keep_take(tape, folder, **given)


def codes(path):
    """The WAV's codes, int [channels, frames]."""
    audio, rate_hz = soundfile.read(path, dtype="int32", always_2d=True)
    assert rate_hz == RATE
    assert soundfile.info(path).subtype == "PCM_24"
    assert not np.any(audio & 0xFF)
    return audio.T >> 8


def nearest_codes(audio):
    """By the definition: full scale is 2^23, to nearest, and the highest code is one less."""
    exact = np.rint(audio.astype(np.float64) * 2**23).astype(np.int64)
    return np.minimum(exact, 2**23 - 1)


def test_the_wav_is_what_was_put_to_the_sample(tape, tmp_path):
    audio = play(tape, 40)
    audio[:, :BLOCK] = 0.0
    edges = np.array([[1.0, -1.0, 2.0, -2.0, np.nan, 2.0**-24, 2.0**-23, 1e-9]] * 2, np.float32)
    tape.put(edges, 104.0)
    take = keep(tape, tmp_path / "takes")
    assert take.wav == tmp_path / "takes/2026-11-21 05.44 drift.wav"
    assert take.timeline == take.wav.with_suffix(".json")
    assert (take.frames, take.seconds, take.gaps) == (4008, 4.008, ())
    assert take.sentence == f"Kept 4.0 s as {take.wav}"
    kept = codes(take.wav)
    assert np.array_equal(kept[:, BLOCK : 40 * BLOCK], nearest_codes(audio[:, BLOCK:]))
    assert kept[0, 40 * BLOCK :].tolist() == [
        2**23 - 1, -(2**23), 2**23 - 1, -(2**23), 0, 0, 1, 0,
    ]  # fmt: skip
    assert sorted(os.listdir(tmp_path / "takes")) == sorted([take.wav.name, take.timeline.name])


def test_the_last_seconds_begin_with_a_block(tape, tmp_path):
    audio = play(tape, 200)
    take = keep(tape, tmp_path, seconds=2.05)
    assert take.frames == 2000
    assert np.array_equal(codes(take.wav), nearest_codes(audio[:, -2000:]))
    whole = keep(tape, tmp_path)
    assert whole.frames == 5000
    assert keep(tape, tmp_path, seconds=1000.0).frames == 5000
    assert keep(tape, tmp_path, seconds=0.01).frames == BLOCK


def test_silence_between_two_processes_is_as_long_as_it_was(tape, tmp_path):
    before = play(tape, 10, start_s=100.0)
    again = Tape(tape.path, channels=2, sample_rate_hz=RATE, seconds=5.0, create=True)
    after = play(again, 10, start_s=102.04, seed=1)
    take = keep(tape, tmp_path)
    assert take.gaps == ((1000, 1000),)
    assert take.sentence.startswith("Kept 3.0 s, 1.0 s of it without sound, as ")
    kept = codes(take.wav)
    assert np.array_equal(kept[:, :1000], nearest_codes(before))
    assert not np.any(kept[:, 1000:2000])
    assert np.array_equal(kept[:, 2000:], nearest_codes(after))
    told = json.loads(take.timeline.read_text())["take"]
    assert told["gaps"] == [{"at_s": 1.0, "seconds": 1.0}]
    assert told["started_at"] == "2026-11-21T05:42:50.000+00:00"  # 100 s before NOW


def test_blocks_that_the_card_never_played_are_silent(tape, tmp_path):
    """The loop was late: two blocks and a bit passed, and it says that time was lost."""
    before = play(tape, 10, start_s=100.0)
    tape.cut()
    after = play(tape, 10, start_s=101.17, seed=1)
    take = keep(tape, tmp_path)
    assert take.gaps == ((1000, 200),)
    assert np.array_equal(codes(take.wav)[:, :1000], nearest_codes(before))
    assert np.array_equal(codes(take.wav)[:, 1200:], nearest_codes(after))


def test_what_was_before_a_long_silence_or_another_boot_is_not_of_this_take(tape, tmp_path):
    play(tape, 10, start_s=100.0)
    for start_s in (900.0, 3.0):
        again = Tape(tape.path, channels=2, sample_rate_hz=RATE, seconds=5.0, create=True)
        audio = play(again, 7, start_s=start_s, seed=2)
        take = keep(tape, tmp_path)
        assert (take.frames, take.gaps) == (700, ())
        assert np.array_equal(codes(take.wav), nearest_codes(audio))


class HastyTape(Tape):
    """A tape whose writer puts `hurry` blocks while a second is read."""

    hurry = 0

    def read(self, first, count):
        for _ in range(self.hurry):
            self.put(np.full((2, BLOCK), 0.5, np.float32), 999.0)
        self.hurry = 0
        return super().read(first, count)


def test_a_save_that_is_overtaken_at_once_begins_later(tmp_path):
    tape = HastyTape(tmp_path / "tape", channels=2, sample_rate_hz=RATE, seconds=5.0, create=True)
    audio = play(tape, 50)
    tape.hurry = round(SPARE_S * RATE / BLOCK) + 7
    take = keep(tape, tmp_path)
    assert take.frames == 5000 - 700
    assert take.gaps == ()
    assert np.array_equal(codes(take.wav), nearest_codes(audio[:, 700:]))
    tape.hurry = 200
    with pytest.raises(AudioError, match="overwritten before it could be read"):
        keep(tape, tmp_path)


def test_a_save_on_a_disk_that_stalls_holds_silence_and_no_torn_sound(tape, tmp_path):
    """After a second is written nothing moves until the writer has come around."""
    audio = play(tape, 50)
    stalled = iter([True])

    def stall(share):
        if next(stalled, False):
            for _ in range(round(SPARE_S * RATE / BLOCK) + 23):
                tape.put(np.full((2, BLOCK), 0.5, np.float32), 999.0)

    take = keep(tape, tmp_path, progress=stall)
    assert take.gaps == ((1000, 1300),)
    kept = codes(take.wav)
    assert np.array_equal(kept[:, :1000], nearest_codes(audio[:, :1000]))
    assert not np.any(kept[:, 1000:2300])
    assert np.array_equal(kept[:, 2300:], nearest_codes(audio[:, 2300:]))


def test_it_plays_again_to_the_sample(tmp_path):
    """An instrument played by hand: the take's timeline, rendered, gives the take's own sound."""
    bundle = tiny_effect()
    m = bundle.manifest
    specs = specs_of(m)
    tape = Tape(
        tmp_path / "tape", channels=m.channels_out, sample_rate_hz=m.sample_rate_hz, seconds=2.0,
        create=True,
    )  # fmt: skip
    table = ParamTable(tmp_path / "params", create=True)
    desk = Desk(table, specs)
    desk.defaults()
    now_s = 50.0
    journal = Journal(lambda: now_s, 60.0)
    glass = Instrument("glass", "abc", 3)
    journal.loaded(glass, {id: spec.default for id, spec in specs.items()})
    take_readings = journal.tee(desk.take, lambda: specs)
    engine = Engine(bundle)
    random = np.random.default_rng(5)
    audio_in = random.uniform(-0.4, 0.4, (m.channels_in, 40 * m.block_frames)).astype(np.float32)
    out = np.zeros((m.channels_out, m.block_frames), np.float32)
    seen, values = [], np.zeros(SLOTS, np.float32)
    for k in range(40):
        for _ in range(random.integers(0, 4)):
            id = random.choice(list(specs))
            now_s += 0.0001
            take_readings([Reading(id, random.random(), True, "knob", now_s)])
        now_s += 0.001
        table.read_into(values)
        seen.append(values.copy())
        engine.process(audio_in[:, k * m.block_frames : (k + 1) * m.block_frames], out, values)
        tape.put(out, now_s)
    take = keep(tape, tmp_path, now_s=now_s, journal=journal, specs=specs, facts={"card": "Box"})
    told = json.loads(take.timeline.read_text())["take"]
    assert told["card"] == "Box"
    assert told["bundles"] == [
        {"at_s": 0.0, "name": "glass", "fingerprint": "abc", "serial": 3, "precision": "",
         "seed": 0}
    ]  # fmt: skip
    assert (told["frames"], told["block_frames"]) == (40 * m.block_frames, m.block_frames)
    timeline = Timeline(read_timeline(take.timeline, specs), specs)
    for k, wanted in enumerate(seen):
        timeline.values_at(k * m.block_frames / m.sample_rate_hz, values)
        for spec in specs.values():
            assert values[spec.slot] == wanted[spec.slot], (k, spec.id)
    again = render(bundle, audio_in, timeline=timeline, align=False).audio
    kept, _ = soundfile.read(take.wav, dtype="int32", always_2d=True)
    assert np.array_equal(kept.T >> 8, nearest_codes(again[:, : kept.shape[0]]))


STEPS = 9
"""How often a take of five seconds tells its progress: after each second, both files, both names,
and the end."""


def in_child(work):
    """Run `work` in a process of its own; returns its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except AudioError:
            os._exit(3)
        finally:
            os._exit(9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_step_it_leaves_whole_files_or_none(tape, tmp_path, step):
    audio = play(tape, 50)
    folder = tmp_path / "takes"

    def work():
        left = iter(range(step))

        def die(share):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        keep(tape, folder, progress=die)

    assert in_child(work) == -signal.SIGKILL
    wav, timeline = folder / "2026-11-21 05.44 drift.wav", folder / "2026-11-21 05.44 drift.json"
    assert wav.exists() == (step >= 6)
    assert timeline.exists() == (step >= 7)
    if wav.exists():
        assert np.array_equal(codes(wav), nearest_codes(audio))
    if timeline.exists():
        assert read_timeline(timeline, {}) == []
    # The next one clears away what is left over, and takes no name twice.
    take = keep(tape, folder)
    assert take.wav.stem == ("2026-11-21 05.44 drift 2" if step >= 6 else "2026-11-21 05.44 drift")
    assert not list(folder.glob(".*"))
    assert in_child(lambda: keep(tape, folder)) == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_power_cut_finds_everything_on_the_disk_in_order(tape, tmp_path):
    """Each file is synced before it has its name, and the folder after that."""
    play(tape, 20)
    script = (
        "import datetime, sys; from pathlib import Path; from device.takes.take import keep_take\n"
        "from device.audio.tape import Tape\n"
        "keep_take(Tape(Path(sys.argv[1])), Path(sys.argv[2]), name='drift', now_s=200.0,\n"
        "          now=datetime.datetime(2026, 11, 21))"
    )
    calls = "trace=fsync,rename,renameat,renameat2"
    traced = [sys.executable, "-c", script, str(tape.path), str(tmp_path / "takes")]
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", calls, *traced],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=60,
    )
    if "PTRACE" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("tracing is not allowed here")
    assert done.returncode == 0, done.stderr
    seen = re.findall(r"(fsync|rename)\w*\((.*)\)\s+= 0", done.stderr)
    told = [
        (call, "wav" if ".wav" in what else "json" if ".json" in what else "folder")
        for call, what in seen
    ]
    assert told == [
        ("fsync", "wav"), ("fsync", "json"), ("rename", "wav"), ("rename", "json"),
        ("fsync", "folder"),
    ]  # fmt: skip


def test_a_disk_that_fills_up_leaves_no_file(tape, tmp_path):
    """A limit on the size of files stands for a disk that is full to the byte."""
    play(tape, 50)
    folder = tmp_path / "takes"

    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        keep(tape, folder)

    assert in_child(work) == 3
    assert list(folder.iterdir()) == []


def test_a_disk_without_room_says_so_first(tape, tmp_path):
    play(tape, 50)
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises(AudioError, match=r"needs 17 MB and .* has 1 MB left\. Make room"):
            keep(tape, small)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_what_cannot_be_kept_is_said_in_a_sentence(tape, tmp_path):
    with pytest.raises(AudioError, match="nothing was heard yet"):
        keep(tape, tmp_path)
    play(tape, 10)
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file/takes", Path("/proc/takes")):
        with pytest.raises(AudioError, match=r"cannot keep a take in .* another place"):
            keep(tape, wrong)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(AudioError, match=r"is being written .* try again"):
        keep(tape, tmp_path)
    os.close(handle)
    assert keep(tape, tmp_path).wav.exists()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd", "2026-11-21 05.44 etc passwd"),
        ("", "2026-11-21 05.44"),
        ("  a\x1b[31m\nb\0  ", "2026-11-21 05.44 a [31m b"),
        ("Dämmerung.", "2026-11-21 05.44 Dämmerung"),
        ("ü" * 99, "2026-11-21 05.44 " + "ü" * 40),
        ('C:\\a?*"<>|', "2026-11-21 05.44 C a"),
    ],
)
def test_any_name_makes_a_file_name(tape, tmp_path, name, stem):
    play(tape, 1)
    take = keep(tape, tmp_path / "takes", name=name)
    assert take.wav == tmp_path / "takes" / f"{stem}.wav"


def test_takes_of_one_minute_have_numbers(tape, tmp_path):
    play(tape, 1)
    names = [keep(tape, tmp_path).wav.stem for _ in range(3)]
    assert names == [f"2026-11-21 05.44 drift{n}" for n in ("", " 2", " 3")]


def test_where_takes_go(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert takes_folder(home) == tmp_path / "ondine/takes"
    (tmp_path / "Music").mkdir()
    assert takes_folder(home) == tmp_path / "Music/Ondine"
    assert takes_folder(home | {"ONDINE_TAKES": "/media/stick"}) == Path("/media/stick")


def test_lengths_as_players_say_them():
    assert [length(s) for s in (0.04, 12.34, 59.94, 59.96, 120.0, 185.4)] == [
        "0.0 s", "12.3 s", "59.9 s", "1 min 0 s", "2 min 0 s", "3 min 5 s",
    ]  # fmt: skip
