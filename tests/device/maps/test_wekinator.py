"""What steers Wekinator steers the learned map."""

import pytest

from device.control.dialect_receiver import DialectReceiver
from device.control.dialects.heard import Command
from device.control.dialects.wekinator import COMMANDS
from device.errors import ControlError
from device.maps.wekinator import acts_of
from tests.device.control.packets import message
from tests.device.maps.learning_stage import Stage

MEANINGLESS = {
    "startDtwRecording",
    "stopDtwRecording",
    "deleteExamplesForOutput",
    "enableModelRecording",
    "disableModelRecording",
    "selectInputsForOutput",
    "setInputNames",
    "setOutputNames",
}


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def send(stage, address, *arguments):
    """A message of another app, through the real receiver, and what it asks for."""
    commands = []
    receiver = DialectReceiver(stage.hands.hear, obey=commands.append)
    tags = "".join("i" if isinstance(argument, int) else "f" for argument in arguments)
    receiver.receive(message(address, tags, *arguments), "app", 0.0)
    learning = stage.learning
    for command in commands:
        for name, *more in acts_of(command, learning.map, learning.player.heard):
            stage.do(" ".join(map(str, (name, *more))))


def test_wekinators_own_way_of_working(stage):
    """Set the outputs, record while the pose is held, twice; run."""
    for pose, level in ((0.0, 0.25), (1.0, 0.75)):
        send(stage, "/wek/inputs", pose, 0.5, pose)
        send(stage, "/wekinator/control/outputs", *[level] * 8)
        send(stage, "/wekinator/control/startRecording")
        stage.glide(1.0)
        send(stage, "/wekinator/control/stopRecording")
        assert stage.learning.mode == "teach"
    dataset = stage.learning.map.dataset
    assert dataset.inputs == ("wek/1", "wek/2", "wek/3")
    assert [pair.path for pair in dataset.pairs] == [0, 0]
    send(stage, "/wekinator/control/startRunning")
    send(stage, "/wek/inputs", 0.0, 0.5, 0.0)
    stage.glide()
    assert stage.raw("latent_bias_0") == pytest.approx(0.25, abs=1e-6)
    send(stage, "/wekinator/control/disableModelRunning", 2)
    assert stage.learning.map.disabled == {"latent_bias_1"}
    send(stage, "/wekinator/control/train")
    assert stage.learning.map.choices.kind == "network"
    send(stage, "/wekinator/control/deleteAllExamples")
    assert stage.learning.map.dataset.pairs == ()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_either_acts_or_a_reason(stage, name):
    stage.hold(0.5, 0.5)
    stage.do("map/random")
    if name in MEANINGLESS:
        with pytest.raises(ControlError, match="has no meaning here: "):
            acts_of(Command(name, (1,)), stage.learning.map, [])
        return
    for line in acts_of(Command(name, (1,)), stage.learning.map, []):
        assert stage.acts.read(" ".join(map(str, line)))


def test_an_output_that_is_not_there(stage):
    with pytest.raises(ControlError, match="there is no output 3; the map has 0"):
        acts_of(Command("enableModelRunning", (3,)), None, [])
