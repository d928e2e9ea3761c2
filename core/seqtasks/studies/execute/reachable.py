"""Reach a cluster in a bounded time: the libraries themselves may wait for it forever."""

import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from seqtasks.errors import UsageError, one_line

__all__ = ["SECONDS_TO_CONNECT", "check_reachable", "in_time"]

T = TypeVar("T")

SECONDS_TO_CONNECT = 10
"""How long a cluster may take to answer."""


def check_reachable(address: str, kind: str, example: str) -> None:
    """Check that a host and port answer.

    Args:
        address: `host:port`, with or without a scheme before it, as in `tcp://host:8786`.
        kind: of the cluster, for the message.
        example: an address, for the message.

    Raises:
        UsageError: if it is no such address, or nobody answers there in time.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise UsageError(f"address must be like {example}, got '{address}'")
    try:
        socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
    except TimeoutError:
        raise UsageError(
            f"there is no {kind} cluster at {address}: no answer after {SECONDS_TO_CONNECT} s"
        ) from None
    except OSError as error:
        why = error.strerror or one_line(error)
        raise UsageError(f"there is no {kind} cluster at {address}: {why}") from None


def in_time(connect: Callable[[], T], seconds: float) -> T:
    """Return what a call returns, or raise what it raises.

    Raises:
        TimeoutError: if it takes longer; the call goes on in a thread that nobody waits for.
    """
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def call() -> None:
        try:
            answers.put((connect(), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer after {seconds:.0f} s") from None
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]
