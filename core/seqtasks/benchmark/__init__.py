"""Measure whole training steps of our engines and of others, side by side.

    sizes, problem   what is trained: one model, one set of batches
    contenders/      each way to train it
    measuring        in turns, in bursts of steps; medians with their spread
    peak_memory      peak memory of a step, in a fresh process each
    machine, figure  the machine measured on; the picture

The command is `cli.bench_engine`.
"""
