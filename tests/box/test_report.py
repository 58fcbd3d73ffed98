import datetime
import xml.etree.ElementTree as ET

from tests.box.finding import all_ok, at_most, exactly, holds, noted
from tests.box.report import page
from tests.box.scenarios import SCENARIOS, SHORT
from tests.box.timeline import Span, draw


def test_a_number_at_its_limit_is_met() -> None:
    assert at_most("start", 6.0, 6.0).ok
    assert not at_most("start", 6.01, 6.0).ok


def test_one_that_is_not_met_spoils_all() -> None:
    good = [exactly("gaps", 0, 0), noted("step", "1.8 ms")]
    assert all_ok(good)
    assert not all_ok([*good, holds("sound", "never", ok=False)])


def test_the_page_says_what_was_met_and_what_was_missed() -> None:
    found = {
        "sound": [at_most("start", 5.0, 6.0), at_most("again", 7.0, 6.0), noted("x", "1|2\n3")]
    }
    text = page(found, {"sound": "A start."}, "", "a machine", datetime.date(2026, 1, 2))
    assert "## sound\n\nA start.\n" in text
    assert "| start | 5.00 s | ≤ 6 s | met |" in text
    assert "| again | 7.00 s | ≤ 6 s | **missed** |" in text
    assert "| x | 1/2 3 |  |  |" in text
    assert "2026-01-02" in text
    assert "1 of 2 are as wanted" in text


def test_the_picture_is_well_formed_and_has_a_bar_for_each_span() -> None:
    spans = [Span("kernel <1>", "machine", 0.0, 1.2), Span("audio & more", "sound", 1.2, 4.0)]
    tree = ET.fromstring(draw(spans, 3.5, "A start"))
    bars = [e for e in tree.iter() if e.tag.endswith("rect")]
    assert len(bars) == 2
    assert "first sample heard: 3.50 s" in "".join(tree.itertext())


def test_the_short_form_is_of_scenarios_that_there_are() -> None:
    assert set(SHORT) <= set(SCENARIOS)
