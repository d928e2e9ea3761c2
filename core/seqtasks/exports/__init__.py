"""Write a task's instances to files, with a manifest that makes them again.

    manifest   everything that makes the same bytes again
    instances  the instances, drawn in blocks
    formats    NumPy archives, JSON lines, Hugging Face datasets
    fitting    refuse an export that fits neither memory nor disk
    move       put files in place whole, never over another's
    write      `export` and `regenerate`

No torch is imported here.
"""

from seqtasks.exports.write import Exported, export, regenerate

__all__ = ["Exported", "export", "regenerate"]
