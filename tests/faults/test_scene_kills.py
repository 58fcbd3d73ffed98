"""The kills of a box that saves scenes, in their short form."""

import pytest

from tests.faults.scene_kills import run_scene_kills


@pytest.mark.slow
def test_killed_while_it_saves_the_old_or_the_new_scene_is_there(tmp_path):
    report = run_scene_kills(tmp_path, 50, seed=1)
    assert report.failures == ()
    assert report.worst["killed_in_the_middle"] >= 10
