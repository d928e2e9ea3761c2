"""Name, by content, the code of a user or of a package that a thing executes."""

import os
from pathlib import Path
from typing import Any

from seqtasks.files.atomic import read_regular
from seqtasks.registry.discovery import Kind
from seqtasks.registry.references import class_reference, describe
from seqtasks.tasks import Task
from seqtasks.trust.consent import Code
from seqtasks.trust.distributions import (
    installed_module,
    owner,
    package_files,
)
from seqtasks.trust.sources import (
    MOST_SOURCE,
    digest,
)

__all__ = ["MOST_FILES", "code_of", "code_of_class"]


MOST_FILES, MOST_PACKAGE = 1000, 32 * 2**20
"""Files and bytes of the largest package that is read to know whether it is trusted."""


def code_of(thing: Any, kind: Kind) -> Code | None:
    """Return the user's code that makes a thing, or None for a registered thing.

    A class of an installed package that no plugin registers also counts as such code.
    """
    reference, source = describe(type(thing) if isinstance(thing, Task) else thing, kind)
    if source is not None:
        return Code(source.digest, (str(source.path),))
    if isinstance(reference, str):
        return None
    module, spec = class_reference(reference, kind)
    distribution = owner(module)
    file = None if distribution is None else installed_module(module, distribution)
    if distribution is None or file is None:
        return None
    return code_of_class(module, spec.name, distribution.name, distribution.version, file)


def code_of_class(module: str, name: str, distribution: str, version: str, file: Path) -> Code:
    """Return the code of a class of an installed distribution: its whole package.

    Of a package too large to be read each time, as torch is, the names and sizes of its files
    stand for them, beside the module itself.
    """
    content = digest(read_regular(file, MOST_SOURCE, follow=True))
    parts = ["class", distribution, version, module, name, content]
    files = package_files(module, file)
    if files != [file]:
        root = Path(os.path.commonpath(files)) if len(files) > 1 else file.parent
        sizes = [one.stat().st_size for one in files]
        large = len(files) > MOST_FILES or sum(sizes) > MOST_PACKAGE
        for one, size in zip(files, sizes, strict=True):
            said = str(size) if large else digest(read_regular(one, MOST_PACKAGE, follow=True))
            parts.append(f"{one.relative_to(root)} {said}")
    text = "\n".join(parts)
    return Code(digest(text.encode()), (f"{module}:{name} of {distribution} {version}",))
