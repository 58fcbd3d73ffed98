"""The emulated Pi: what it counts is there, adds up and repeats."""

import os
from pathlib import Path

import pytest

from tests.benchmark.arm.count import (
    CPUS,
    Count,
    count_cases,
    find_cases,
    format_table,
    total,
    whole_block,
)
from tests.bundles import save, tiny_autoencoder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save(tiny_autoencoder(), tmp_path / "tiny.ondine")


def test_every_graph_of_a_bundle_is_a_case_and_filters_narrow_them(bundle: Path) -> None:
    assert len(find_cases([bundle])) == 2
    (case,) = find_cases([bundle], ["decode"], ["fp32"])
    assert find_cases([bundle], precisions=["int8"]) == []
    assert str(case) == "tiny decode fp32"
    assert 0 < case.weight_bytes < 1000


def test_totals_add_methods_of_one_precision(bundle: Path) -> None:
    counts = [Count(case, "cortex-a72", 10**6) for case in find_cases([bundle])]
    sums = total(counts)
    assert sums == {(bundle, "fp32"): {"cortex-a72": 2 * 10**6}}
    assert "tiny encode+decode fp32" in format_table(counts)


@pytest.mark.benchmark
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_counts_repeat_within_a_twentieth(bundle: Path) -> None:
    cases = find_cases([bundle], ["encode"], ["fp32"])
    first, second = (count_cases(cases, list(CPUS), say=False) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert 10_000 < one.instructions < 200_000
        assert one.instructions == pytest.approx(other.instructions, rel=0.05)


@pytest.mark.benchmark
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_a_block_is_its_graphs_and_what_stands_around_them(bundle: Path) -> None:
    cases = [*find_cases([bundle]), whole_block(bundle, "fp32")]
    *graphs, block = count_cases(cases, ["cortex-a72"], say=False)
    assert sum(count.instructions for count in graphs) < block.instructions < 2_000_000
    assert block.most >= block.instructions
