"""Damaged bundles: a few hundred here, 50 000 in the soak (`make soak`)."""

import pytest

from tests import bundles
from tests.faults.mutations import mutation, run_mutations


def test_a_mutation_is_its_seed():
    sources = [bundles.tiny_effect(), bundles.tiny_stereo()]
    assert mutation(sources, 7) == mutation(sources, 7)
    assert len({mutation(sources, seed) for seed in range(50)}) > 45


def test_mutations_are_refused_or_do_no_harm(tmp_path):
    report = run_mutations(tmp_path, 40, seed=0)
    assert report.failures == ()
    assert report.count == 40


@pytest.mark.slow
def test_more_mutations_are_refused_or_do_no_harm(tmp_path):
    assert run_mutations(tmp_path, 1000, seed=1000).failures == ()
