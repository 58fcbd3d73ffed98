"""A token bucket per sender: at most so many messages a second, with bursts of one second."""

from collections import OrderedDict

MAX_SENDERS = 256


class TokenBuckets:
    """Time is passed in, in seconds of any steady clock."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, sender: str, count: int, now_s: float) -> bool:
        """Whether `sender` may have `count` more; takes them if so."""
        tokens, then_s = self._tokens.pop(sender, (self._per_s, now_s))
        tokens = min(self._per_s, tokens + max(now_s - then_s, 0.0) * self._per_s)
        allowed = tokens >= count
        self._tokens[sender] = (tokens - count * allowed, now_s)
        # The longest silent sender is forgotten: a thousand false addresses cost no memory.
        if len(self._tokens) > MAX_SENDERS:
            self._tokens.popitem(last=False)
        return allowed
