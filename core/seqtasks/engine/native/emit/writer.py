"""Write lines of C. A block indents the lines that are written inside it."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

__all__ = ["Writer"]


class Writer:
    """Lines of C, and the depth at which the next one stands.

        out = Writer()
        with out.block("for (int i = 0; i < 3; ++i)"):
            out.line("x[i] = 0;")

    Some passages are written before it is known where they stand: they have a writer of their own,
    which `include` takes over at the depth reached.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def __bool__(self) -> bool:
        return bool(self._lines)

    def text(self) -> str:
        """Return all lines as one text."""
        return "\n".join(self._lines)

    def line(self, *texts: str) -> None:
        """Write lines at the depth reached."""
        self._lines += ["    " * self._depth + text for text in texts]

    def include(self, other: "Writer") -> None:
        """Write the lines of another writer, deeper by the depth reached."""
        self.line(*other._lines)

    @contextmanager
    def deeper(self) -> Generator[None]:
        """Indent what is written meanwhile."""
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def block(self, head: str = "", note: str = "") -> Generator[None]:
        """Write a block: its head, then what is written meanwhile, then its end."""
        self.line(" ".join(part for part in (head, "{", note) if part))
        with self.deeper():
            yield
        self.line("}")

    @contextmanager
    def nested(self, heads: Sequence[str]) -> Generator[None]:
        """Write blocks, each within the one before."""
        with ExitStack() as blocks:
            for head in heads:
                blocks.enter_context(self.block(head))
            yield

    @contextmanager
    def part(self, first: str) -> Generator[None]:
        """Write a block that begins with declarations; its lines stand at the depth of its ends."""
        self.line(f"{{ {first}")
        yield
        self.line("}")
