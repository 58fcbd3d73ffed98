"""The shipped eddy, by measures that need no ears. What it promises is in its card."""

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from device.bundle import read_bundle
from device.engine.step import Step
from models.brook.net import Brook
from models.eddy.material import BROOK_WEIGHTS, brook, encoded, sha256
from models.eddy.measure import LADDER, joins_db, levels_db, normal_nats
from models.eddy.net import Eddy
from models.eddy.nn_tilde import EDDY_WEIGHTS, trained_prior
from models.eddy.pieces import piece
from models.eddy.play import go_on, sound
from models.eddy.samples import priming
from models.export import WEIGHTS
from models.measure import CARDS

pytestmark = pytest.mark.slow

BUNDLE = WEIGHTS.parent / "bundles" / "eddy.ondine"
PROMPT = 150  # steps: 1.6 s


@pytest.fixture(autouse=True, scope="module")
def _light_torch():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def net() -> Brook:
    return brook()


@pytest.fixture(scope="module")
def prior() -> Eddy:
    return trained_prior()


@pytest.fixture(scope="module")
def latents(net) -> Tensor:
    # Pieces of a seed that neither training nor the card ever saw.
    return encoded(net, [piece(9, i, 3.5) for i in range(9)])


@pytest.fixture(scope="module")
def going_on(prior, latents) -> Tensor:
    return go_on(prior, latents[:, :, :PROMPT], 94, torch.ones(len(latents)), seed=5)


def test_it_is_of_the_brook_that_is_there():
    record = json.loads(EDDY_WEIGHTS.with_suffix(".json").read_text())
    assert record["brook_sha256"] == sha256(BROOK_WEIGHTS), (
        "eddy was trained on other brook weights; run python -m models.eddy.train"
    )


def test_it_guesses_better_than_what_knows_no_past(prior, latents):
    found = -float(prior.likelihood(latents, latents)[:, 1:].mean())
    moved = (latents[:, :, 1:] - latents[:, :, :-1]).permute(0, 2, 1).reshape(-1, 16)
    points = latents.permute(0, 2, 1).reshape(-1, 16)
    assert found < normal_nats(moved) - 3
    assert found < normal_nats(points) - 6


def test_what_goes_on_is_like_what_was_heard(going_on):
    found = priming(going_on[:, :, :PROMPT], going_on[:, :, PROMPT:])
    assert found["own"] < found["others"]
    assert found["p"] < 0.05


def test_alone_it_is_finite_heard_centred_and_without_clicks(net, going_on):
    y = sound(net, going_on)[:, PROMPT * 512 :]
    assert torch.isfinite(y).all()
    assert float(y.abs().max()) < 1
    assert float(y.mean(dim=1).abs().max()) < 5e-3
    # Some pieces are soft and rest; not all of them at once.
    assert float(levels_db(y).median()) > -50
    assert joins_db(net, going_on[:3]) < -60


def test_the_card_keeps_its_promises():
    found = json.loads((CARDS / "eddy.json").read_text())
    assert (
        found["nats"]["eddy"] == min(found["nats"].values())
        or found["nats"]["eddy"] < (found["nats"]["the last latent again"])
    )
    for row in found["free"].values():
        assert row["finite"]
        assert row["joins_db"] < -60
        assert row["dc"] < 1e-3
        assert row["peak"] < 1
        assert -50 < row["level_db"] < -6
    # At the temperature it begins with: no more silent, and about as lively as what it learnt from.
    own, pieces = found["free"]["1.0"], found["pieces"]
    assert own["silent_share"] < pieces["silent_share"] + 0.1
    assert 0.4 < own["onsets_per_s"] / pieces["onsets_per_s"] < 2.5
    assert found["priming"]["p"] < 0.01
    assert [row["temperature"] for row in found["variation"]] == list(LADDER)
    for key in ("step", "apart"):
        values = [row[key] for row in found["variation"]]
        assert values == sorted(values)


def test_the_bundle_is_these_weights_and_small(net, prior, latents):
    assert BUNDLE.stat().st_size < 8e6
    assert EDDY_WEIGHTS.stat().st_size < 2e6
    bundle = read_bundle(BUNDLE)
    manifest = bundle.manifest
    assert (manifest.name, manifest.kind, manifest.latent_size) == ("eddy", "autoencoder", 16)
    assert [(p.id, p.minimum, p.maximum) for p in manifest.parameters] == [
        ("listen", 0.0, 1.0), ("temperature", 0.0, 1.5),
    ]  # fmt: skip
    # Heard for a while, then on its own with draws of its middle: the same latents as in torch.
    step, hearing, state = Step(bundle, "encode", "fp32"), net.encoder.init_state(), None
    state = prior.init_state()
    x = torch.from_numpy(piece(9, 0, 1.0)[: 60 * 512])[None, None]
    normal, uniform = torch.zeros(1, 16, 1), torch.full((1, 8, 1), 0.5)
    one = torch.ones(1, 1, 1)
    for i, block in enumerate(x.split(512, 2)):
        listen = float(i < 40)
        step.inputs["audio"][:] = block.numpy()
        step.inputs["listen"].fill(listen)
        step.inputs["temperature"].fill(1.0)
        for name, array in step.inputs.items():
            if name.startswith("noise_"):
                array[:] = (normal if array.shape == (1, 16, 1) else uniform).numpy()
        step.run()
        z, hearing = net.encode(block, hearing)
        z, state = prior.step(z, listen * one, one, normal, uniform, state)
        np.testing.assert_allclose(next(iter(step.outputs.values())), z.numpy(), atol=2e-3)
