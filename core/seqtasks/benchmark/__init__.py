"""Measure whole training steps of our engines and of others, side by side.

    sizes, problem   what is trained: one model, one set of batches
    contenders/      each way to train it
    measuring        in turns, in bursts of steps; medians with their spread
    cell_speed       a cell's step beside the plain loop's, and how long its program takes to make
    call_speed       a model called as a module beside its program; numbers that decay
    peak_memory      peak memory of a step, in a fresh process each
    machine, figure  the machine measured on; the picture

The commands are `cli.bench_engine`, `cli.bench_cells` and `cli.bench_calls`.
"""
