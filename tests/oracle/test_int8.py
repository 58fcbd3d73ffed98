"""int8 is good enough: re-measured from the written bundle on sound the converter never heard."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convert.distances import log_spectral_distance_db, snr_db
from convert.pipeline import Converted, Options, convert
from convert.stream import cut, draw_blocks, play
from device.engine.step import Step
from tests.oracle.conftest import Row
from tests.oracle.source import plucked_sound

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(900)]

SECONDS = 6.0
SNR_DB, DISTANCE_DB = 30.0, 1.0


@pytest.fixture(scope="module", params=["small_causal", "raspberry", "v1", "v2"])
def converted(
    request: pytest.FixtureRequest,
    oracle_file: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Converted:
    kind = request.param
    output = tmp_path_factory.mktemp(kind) / f"{kind}.ondine"
    return convert(oracle_file(kind), output, Options(precision="both"))


def played(converted: Converted) -> dict[str, np.ndarray]:
    """The decoder's sound by precision, from the latents that the float encoder makes."""
    m, works = converted.bundle.manifest, converted.works
    frames = int(SECONDS * m.sample_rate_hz)
    blocks = cut(plucked_sound(m.channels_in, frames, m.sample_rate_hz, seed=7), m.block_frames)
    rng = np.random.default_rng(8)
    encode, decode = (draw_blocks(works[n].lifted.draws, len(blocks), rng) for n in works)
    latents = play(Step(converted.bundle, "encode", "fp32"), blocks, encode)
    steps = cut(latents, m.latent_steps)
    return {
        precision: play(Step(converted.bundle, "decode", precision), steps, decode)
        for precision in ("fp32", "int8")
    }


def test_the_decoder_in_int8_is_close_to_the_one_in_float(
    converted: Converted, table: Callable[[str, str], Row]
) -> None:
    sound = played(converted)
    snr = snr_db(sound["fp32"], sound["int8"])
    distance = log_spectral_distance_db(sound["fp32"], sound["int8"])
    measured = converted.bundle.manifest.measured
    found = measured["decode"]
    row = table("int8", converted.bundle.manifest.name)
    row["decode SNR dB"] = f"{snr:.1f}"
    row["its conversion measured"] = f"{found['int8_snr_db']:.1f}"
    row["spectral distance dB"] = f"{distance:.2f}"
    row["encode SNR dB, at conversion"] = f"{measured['encode']['int8_snr_db']:.1f}"
    shares = [f"{measured[n]['int8_share_of_macs']:.0%}" for n in ("encode", "decode")]
    row["MACs in int8, enc / dec"] = " / ".join(shares)
    assert snr >= SNR_DB
    assert distance <= DISTANCE_DB


def test_the_manifest_tells_what_is_plausible(converted: Converted) -> None:
    for name, work in converted.works.items():
        found = converted.bundle.manifest.measured[name]
        macs = sum(product.macs for product in work.floating.products)
        assert found["macs_per_block"] == macs > 0
        assert 0.0 <= found["int8_share_of_macs"] <= 1.0
        assert found["int8_snr_db"] >= SNR_DB
        assert found["int8_weight_bytes"] <= 1.05 * found["fp32_weight_bytes"]
        assert found["int8_ms"] > 0.0
        assert found["fp32_ms"] > 0.0
        assert found["error_of_peak"] <= 1e-5


def test_most_of_the_work_of_a_large_model_is_in_int8(converted: Converted) -> None:
    m = converted.bundle.manifest
    shares = {name: m.measured[name]["int8_share_of_macs"] for name in converted.works}
    if m.name in ("v1", "v2"):
        assert shares["encode"] > 0.5
        assert shares["decode"] > 0.5
    for name, share in shares.items():
        small = m.measured[name]["int8_weight_bytes"] < m.measured[name]["fp32_weight_bytes"]
        assert small == (share > 0)
