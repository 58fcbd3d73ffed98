"""The training loop: cut, resumed, on a folder, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile
import torch

from models.brook.net import BrookConfig
from models.brook.recipe import Stage
from models.checkpoint import load_weights
from models.instruments import network
from models.recipes import BROOK
from models.train import main, train

PLAN = dataclasses.replace(
    BROOK, config=BrookConfig(encoder_channels=16, decoder_channels=16), lesson_batch=2,
    lesson_hops=24, batch=2, hops=24, context=8, corpus_clips=2,
    stages=tuple(Stage(k, n, 1e-3, 3) for k, n in (("lesson", 3), ("sound", 1), ("adversary", 1))),
    first_clips=1,
)  # fmt: skip


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    t = np.arange(31 * 16000) / 16000
    soundfile.write(folder / "a.wav", 0.3 * np.sin(2 * np.pi * 220 * t), 16000)
    return folder


@pytest.mark.slow
def test_a_run_is_cut_and_resumed_to_its_end(tmp_path, capsys):
    assert not train(PLAN, tmp_path, minutes=0, resume=False)
    assert "stopped at step 0 of 5; go on with --resume" in capsys.readouterr().out
    assert not (tmp_path / "weights.npz").exists()
    assert train(PLAN, tmp_path, minutes=1, resume=True)
    record = json.loads((tmp_path / "weights.json").read_text())
    assert record["steps"] == 5
    net = network(PLAN)
    load_weights(net, tmp_path / "weights.npz")
    assert all(torch.isfinite(p).all() for p in net.parameters())


@pytest.mark.slow
def test_a_folder_is_learnt_from_and_what_there_is_can_be_written(tmp_path, sounds):
    out = tmp_path / "out"
    assert train(PLAN, out, minutes=0, resume=False, folder=sounds, finish=True)
    record = json.loads((out / "weights.json").read_text())
    assert record["corpus"] == "1 files, 0.5 minutes, of a player's own"
    assert record["steps"] == 0
    assert (out / "checkpoint.pt").exists()  # to go on from


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["brok"], "no instrument is called 'brok'; there is drift, brook"),
        (["brook", "--folder", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_trained_is_said(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err
