"""Damages the files of a run, as a disk, an editor or a stranger may, by a Random's numbers."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

JSON_FILES = ("experiment.json", "result.json", "metrics.jsonl")
TENSOR_FILES = ("checkpoint.safetensors", "model.safetensors")
FILES = (*JSON_FILES, *TENSOR_FILES, "lock", "source")
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 50, 1000, 2**31, 2**63, 10**20, -(10**20), 10**310),
    *(0.5, -0.5, 1e-300, 1e300, -0.0, float("nan"), float("inf"), -float("inf")),
    *("", "x", " ", "0", "-1", "1e999", "NaN", "parity", "gru", "../x", "/dev/zero", "./a\0b.py:X"),
    *(
        "\ud800",
        "./\ud800.py",
        "\x1b[2J",
        "a\nb\nc",
        "os:system",
        "10..1",
        "1..99999999999999999999",
    ),
    *("[" * 500, "parity:x=" + "[" * 500, "a" * 10_000, "solved", "steps", "native", "float16"),
    *([], [[]], {}, {"a": {}}, [0], [None], ["x"], [-1, 2], {"class": 'os:system:command="x"'}),
    *({"class": 5}, {"class": "os:kill"}, [1.5], [[1, 2], [3]], [{}], [float("nan"), 10**400]),
]


def damage(run: Path, random: Random) -> str:
    """Damage one file of a run; return what was done, in words."""
    name = random.choice([file for file in FILES if (run / file).exists()])
    path = run / name
    if name == "source":
        path = random.choice(sorted(path.iterdir()))
    ways = [_bytes, _bytes, _kind]
    if name in JSON_FILES:
        ways += [_json] * 6
    elif name in TENSOR_FILES:
        ways += [_header, _about, _about, _about]
    return f"{name}: {random.choice(ways)(path, random)}"


def _bytes(path: Path, random: Random) -> str:
    """Change, cut, add or exchange bytes."""
    content = bytearray(path.read_bytes())
    place = random.randrange(len(content) + 1)
    end = min(len(content), place + random.choice([1, 1, 2, 8, 100, 10**6]))
    way = random.choice(["flip", "cut", "end", "insert", "repeat", "zero"])
    if way == "flip" and content:
        content[min(place, len(content) - 1)] ^= 1 << random.randrange(8)
    elif way == "cut":
        del content[place:end]
    elif way == "end":
        del content[place:]
    elif way == "insert":
        content[place:place] = random.randbytes(random.choice([1, 4, 64]))
    elif way == "repeat":
        content[place:place] = content[place:end]
    else:
        content[place:end] = bytes(end - place)
    path.write_bytes(content)
    return f"{way} at {place}"


def _kind(path: Path, random: Random) -> str:
    """Put something else in the file's place, or nothing."""
    kind = random.choice(["gone", "empty", "folder", "fifo", "link", "zero", "dangling", "sparse"])
    path.unlink()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "sparse":
        with open(path, "wb") as file:
            file.truncate(5 * 2**30)
    return kind


def _json(path: Path, random: Random) -> str:
    """Change a value somewhere in a document, or in a line of a log."""
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    number = random.randrange(len(lines))
    data = json.loads(lines[number])
    data, done = _changed(data, random)
    lines[number] = json.dumps(data)
    path.write_text("\n".join(lines) + "\n")
    return f"line {number}: {done}"


def _changed(data: Any, random: Random) -> tuple[Any, str]:
    """Change a value, a key or an item in plain data."""
    places = list(_places(data))
    holder, key = random.choice(places) if places and random.random() < 0.97 else (None, None)
    value = random.choice(VALUES)
    if holder is None:
        return value, f"all is {value!r:.60}"
    way = random.choice(["value", "value", "value", "delete", "near", "another"])
    if way == "delete":
        del holder[key]
        return data, f"{key} is deleted"
    if way == "near" and isinstance(holder[key], int | float):
        holder[key] = random.choice([-holder[key], holder[key] + 1, holder[key] * 10**6])
    elif way == "another":
        other, at = random.choice(places)
        holder[key] = json.loads(json.dumps(other[at]))
    else:
        holder[key] = value
    return data, f"{key} is {holder[key]!r:.60}"


def _places(data: Any) -> Any:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield data, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _parts(path: Path) -> tuple[dict[str, Any], bytes]:
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def _assemble(path: Path, header: Any, tensors: bytes) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)


def _header(path: Path, random: Random) -> str:
    """Change the header of a file of tensors."""
    header, tensors = _parts(path)
    header, done = _changed(header, random)
    _assemble(path, header, tensors)
    return f"header: {done}"


def _about(path: Path, random: Random) -> str:
    """Change what a file of tensors says of itself, with a digest that fits."""
    header, tensors = _parts(path)
    about = json.loads(header["__metadata__"]["seqtasks"])
    progress, done = _changed(json.loads(about["progress"]), random)
    about["progress"] = json.dumps(progress)
    about["digest"] = _digest(header, tensors, about["progress"])
    header["__metadata__"]["seqtasks"] = json.dumps(about)
    _assemble(path, header, tensors)
    return f"progress: {done}"


_TYPES = {"F32": "torch.float32", "U8": "torch.uint8", "I64": "torch.int64"}


def _digest(header: dict[str, Any], tensors: bytes, progress: str) -> str:
    digest = hashlib.sha256(progress.encode())
    for name in sorted(set(header) - {"__metadata__"}):
        entry = header[name]
        start, end = entry["data_offsets"]
        shape = tuple(entry["shape"])
        digest.update(f"\0{name}\0{_TYPES[entry['dtype']]}\0{shape}\0".encode())
        digest.update(np.frombuffer(tensors[start:end], dtype=np.uint8).tobytes())
    return digest.hexdigest()


def copied(run: Path, folder: Path) -> Path:
    """Return a copy of a run in a folder of its own."""
    return Path(shutil.copytree(run, folder / "runs" / run.name))
