"""Number the states in which a model's parts are found: a program holds for one of them."""

from collections.abc import Hashable

from seqtasks.engine.record.reads import Reads, reads_of
from seqtasks.engine.record.subject import Parts
from seqtasks.engine.record.watch import Watch

__all__ = ["Signatures"]


class Signatures:
    """The states in which a model's parts were found, numbered.

    Args:
        parts: the parts of the model.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._watch: Watch | None = None
        self._reads: Reads | None = None
        self._current = 0
        self._known: dict[Hashable, int] = {}

    def current(self) -> int:
        """Return a number that is equal while a program holds, whatever the tensors' values.

        Raises:
            UnsupportedError: if the parts hold too much to compare at each call.
        """
        tops = self._parts.tops()
        if self._watch is None or not self._watch.holds(tops):
            self._watch = None
            self._reads = None
            watch = Watch(tops, self.reads())
            self._known.setdefault(watch.signature, len(self._known))
            self._watch = watch
            self._current = self._known[watch.signature]
        return self._current

    def still_hold(self) -> bool:
        """Say whether the parts are as they were at the last call of `current`."""
        return self._watch is not None and self._watch.holds(self._parts.tops())

    def reads(self) -> Reads:
        """Return what the parts read, found once while a program is made."""
        if self._reads is None:
            self._reads = reads_of(self._parts.modules())
        return self._reads

    def forget_reads(self) -> None:
        """Forget what the parts read: to keep it would keep alive what it names."""
        self._reads = None
