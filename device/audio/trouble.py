"""Why it does not sound as it should: one sentence in the status, from whoever has the worst."""

from collections.abc import Callable

from device.status import Status


class Trouble:
    """The card's sentence comes before the ladder's: without a card no rung is heard."""

    def __init__(self, status: Status, say: Callable[[str], object]) -> None:
        """`say` hears every new sentence, once."""
        self._status, self._say = status, say
        self._card = self._ladder = ""

    def of_card(self, sentence: str) -> None:
        """Why there is no card, or '' if there is one."""
        self._card = sentence
        self._tell(sentence)

    def of_ladder(self, sentence: str) -> None:
        """Why something else plays than was asked for, or ''."""
        self._ladder = sentence
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        self._status.say("trouble", self._card or self._ladder)
        if sentence:
            self._say(sentence)
