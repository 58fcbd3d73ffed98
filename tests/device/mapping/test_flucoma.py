"""FluCoMa's files: in and out again, and everything that can be wrong with one."""

import json

import pytest

from device.errors import ControlError
from device.mapping.dataset import Dataset
from device.mapping.flucoma import export_labels, export_pairs, import_labels, import_pairs

POSES = b'{"cols":2,"data":{"0":[0.1,7],"10":[0.3,9],"9":[0.2,8]}}'
TARGETS = b'{"cols":1,"data":{"0":[0.5],"10":[1],"9":[0.25],"lost":[0]}}'
IN, OUT = ("knob/1", "knob/2"), ("dry_wet",)


def file(cols, **data):
    return json.dumps({"cols": cols, "data": data}).encode()


def test_pairs_are_matched_by_id_in_the_order_they_were_made():
    imported = import_pairs(POSES, TARGETS, IN, OUT)
    assert [(p.id, p.pose, p.target) for p in imported.dataset.pairs] == [
        ("0", (0.1, 7.0), (0.5,)),
        ("9", (0.2, 8.0), (0.25,)),
        ("10", (0.3, 9.0), (1.0,)),
    ]
    assert imported.left_out == ("lost",)
    assert imported.dataset.add((0, 0), (0,)).pairs[-1].id not in ("0", "9", "10")


def test_out_and_in_again():
    dataset = import_pairs(POSES, TARGETS, IN, OUT).dataset
    poses, targets = (json.dumps(part).encode() for part in export_pairs(dataset))
    assert import_pairs(poses, targets, IN, OUT).dataset == dataset
    empty = export_pairs(Dataset(IN, OUT))
    assert empty == ({"cols": 2, "data": {}}, {"cols": 1, "data": {}})


def test_targets_are_scaled_if_it_is_asked_for():
    targets = file(2, a=[-5, 3], b=[5, 3], c=[0, 3])
    poses = file(1, a=[0], b=[1], c=[2])
    imported = import_pairs(poses, targets, ("x",), ("y", "z"), scale_targets=True)
    assert [p.target for p in imported.dataset.pairs] == [(0, 0.5), (1, 0.5), (0.5, 0.5)]


def test_labels_become_a_target_each():
    labels = b'{"cols":1,"data":{"0":["very dark"],"9":["bright"],"10":["bright"]}}'
    dataset = import_labels(POSES, labels, IN).dataset
    assert dataset.targets == ("bright", "very_dark")
    assert [p.target for p in dataset.pairs] == [(0, 1), (1, 0), (1, 0)]
    assert export_labels(dataset) == {
        "cols": 1,
        "data": {"0": ["very_dark"], "9": ["bright"], "10": ["bright"]},
    }


@pytest.mark.parametrize(
    ("poses", "said"),
    [
        (b"", "poses is not readable JSON"),
        (b'{"cols":2,"data":{"0":[NaN,1]}}', "NaN is no number"),
        (b"[]", 'has no "cols"'),
        (b'{"cols":true,"data":{}}', 'has no "cols"'),
        (b'{"cols":2,"rows":3,"data":[[1,2]],"tree":[]}', "no object of points"),
        (b'{"cols":2}', "has the id of one of the second"),
        (b'{"cols":2,"data":null}', "has the id of one of the second"),
        (file(2, a=[1]), "point 'a' is not 2 finite numbers"),
        (file(2, a=["1", 2]), "point 'a' is not 2 finite numbers"),
        (file(2, a=3), "point 'a' is not 2 finite numbers"),
        (file(3, a=[1, 2, 3]), "3 values for 2 names"),
        (file(2, a=[1, 1e9]), "has 1e.09 for knob/2"),
        (file(2, other=[1, 2]), "has the id of one of the second"),
        (file(2, **{str(i): [1, 2] for i in range(1001)}), "1001 points; 1000 is the most"),
        (b'{"cols":2,"data":{"0":[1,2],"0":[3,4]}}', "'0' is there twice"),
    ],
)
def test_bad_files_are_refused_with_what_is_wrong(poses, said):
    with pytest.raises(ControlError, match=said):
        import_pairs(poses, TARGETS, IN, OUT)


def test_targets_out_of_range_say_what_to_do():
    with pytest.raises(ControlError, match=r"has 440 for dry_wet, outside 0..1.*scaled"):
        import_pairs(POSES, file(1, **{"0": [440]}), IN, OUT)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (file(1, **{"0": [1]}), "label of '0' is not one text"),
        (file(1, **{"0": ["a", "b"]}), "label of '0' is not one text"),
        (file(2, **{"0": ["a"]}), "a LabelSet has 1"),
        (file(1, **{"0": [" "]}), "no name for one of the targets"),
        (file(1, **{str(i): [f"l{i}"] for i in range(161)}), "161 labels; 160 is the most"),
    ],
)
def test_bad_labels_are_refused(labels, said):
    with pytest.raises(ControlError, match=said):
        import_labels(POSES, labels, IN)
