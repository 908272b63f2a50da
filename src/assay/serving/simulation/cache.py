"""The KV cache of one instance: blocks that sequences own, and prefix blocks that they share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence


class KvCache:
    """Counts blocks; knows which prefixes are resident; evicts the least recently used prefix that nobody holds.

    A prefix block stands for `prefix_blocks` KV blocks. Prefix blocks appear when a prompt has been computed, and stay
    after its end until the room is needed. Without prefix ids it is a counter.
    """

    __slots__ = ("_held", "_idle", "blocks", "prefix_blocks", "used")

    def __init__(self, blocks: int, prefix_blocks: int = 1) -> None:
        self.blocks = blocks
        self.prefix_blocks = prefix_blocks
        self.used = 0
        """Blocks owned by sequences or held through prefixes; idle prefixes are not in it."""
        self._held: dict[int, int] = {}
        self._idle: OrderedDict[int, None] = OrderedDict()

    @property
    def available(self) -> int:
        """Blocks that can be taken, by eviction where needed."""
        return self.blocks - self.used

    def take(self, count: int) -> None:
        """Take blocks of one's own. The caller has looked at `available`."""
        self.used += count
        if self._idle:
            self._evict()

    def give(self, count: int) -> None:
        """Give one's own blocks back."""
        self.used -= count

    def resident(self, ids: Sequence[int]) -> int:
        """Return how many leading prefix blocks are resident."""
        for place, id in enumerate(ids):
            if id not in self._held and id not in self._idle:
                return place
        return len(ids)

    def idle_among(self, ids: Sequence[int]) -> int:
        """Return how many resident prefix blocks nobody holds: holding them takes their room out of `available`."""
        return sum(id in self._idle for id in ids)

    def hold(self, ids: Sequence[int]) -> None:
        """Hold resident prefix blocks."""
        for id in ids:
            if id in self._idle:
                del self._idle[id]
                self._held[id] = 1
                self.used += self.prefix_blocks
            else:
                self._held[id] += 1

    def share(self, ids: Sequence[int]) -> int:
        """Make computed blocks of one's own shared ones; return how many leading ones were.

        Sharing ends at the first that another sequence computed in the meantime: that copy stays one's own.
        """
        for place, id in enumerate(ids):
            if id in self._held:
                return place
            self._idle.pop(id, None)  # the older copy gives way
            self._held[id] = 1
        return len(ids)

    def release(self, ids: Sequence[int]) -> None:
        """Let prefix blocks go; the last of a prompt become the first to be evicted."""
        for id in reversed(ids):
            self._held[id] -= 1
            if not self._held[id]:
                del self._held[id]
                self._idle[id] = None
                self.used -= self.prefix_blocks

    def clear(self) -> None:
        """Forget everything: the instance has failed."""
        self.used = 0
        self._held.clear()
        self._idle.clear()

    def _evict(self) -> None:
        while self._idle and self.used + len(self._idle) * self.prefix_blocks > self.blocks:
            self._idle.popitem(last=False)
