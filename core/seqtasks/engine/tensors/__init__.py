"""The torch engine: a model's graph as torch calls, on any device.

    rewrite/  fewer and larger operations
    plan/     buffers, and where each value lies in them
    emit/     the Python source of both passes
    execute/  compile that source and call it

`engine.pipeline` goes through these in order.
"""
