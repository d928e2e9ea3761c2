"""Run a model faster than the plain loop, with the same results.

A model goes through these folders in this order:

    record/    run its modules once on a few rows; every torch call becomes a node
    graph/     what a node is; the table of operations; how graphs are built and rewritten
    derive/    add the backward pass to the graph
    native/    write one C program: plan, emit, execute         (CPU with a compiler)
    tensors/   write torch calls: rewrite, plan, emit, execute  (any device)
    contract/  what both promise, how a batch passes through, how a new program is tried
    policy/    which program a call gets: a kept one, a new one, or none, and why

`pipeline` is this list as code: each pass has a line there. `backends` takes the first engine
that can make a program, and `program_cache` keeps it. `engines` runs a batch by a program or by the
plain loop of `cells.plain_loop`, which defines every result. `unroll` is the public function for a
single cell.
"""
