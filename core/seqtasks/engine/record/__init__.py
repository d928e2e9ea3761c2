"""Run a module once; every torch call becomes a node of a graph.

    subject            the parts of a model that a program is made of
    batch_layout       which batches programs take, and how they lie in memory
    observed           find out whether someone watches torch's calls
    refusals, hooks    reject models whose behaviour a recording would miss
    outside_draws      notice draws by `random` and NumPy
    recorded_values    the node of each tensor; tensors whose numbers go into the program
    recorder           run a function of tensors; look each call up in `rules`
    whole_states       counters and flags in a state, as long as a program holds them exactly
    folded_rows        record a call on slots or heads that are folded into the batch
    rows_elsewhere     record a call on a batch that is not the first axis
    one_row, rows_apart   record a step on a single row; check that rows do not mix
    step_numbers, ways   numbers of Python in a state; record each way that a step takes by them
    unseen_calls       record what a script computed, by the operations of torch's dispatcher
    in_place           record a change in place of what the step itself made
    own_functions      record the backward pass of a model's own autograd.Function
    computed, weights_alone   what torch computes from parameters alone, without a rule
    opened             look inside functions that torch writes in Python
    single_precision   what a model of float64 computes in float32
    whole_numbers      which functions may compute with whole numbers
    arguments, call_names   nested arguments of a call; what its name tells
    tried_rows         the numbers of rows on which a model is tried
    provenance         follow, below the recorder, memory that depends on parameters or inputs
    value_hooks        hooks on a value, which change the gradient that arrives there
    autograd_leaves    the tensors at which torch's autograd ends
    cell_loop          record a cell: initial state, step, output
    whole_model        what the recordings of a model share; modules applied to all steps alike
    parts_in_order     record a whole model: embedding, cells, readout
    constraints        record what becomes of parameters after a step of the optimiser
    totals             sums over all rows, for a gradient within a step
    likeness, twice    record a model twice, and compare the recordings
    bytecode, reads    what the code of a model reads
    fingerprint, watch   notice later that the model has changed;
    watched_tensors      of its tensors, all at once
    script_modules       of the modules that torch.jit compiled
    training_mode      whether a step may depend on the mode of its modules
    signatures         number the states in which a model's parts are found
    start_fingerprint  let sequence lengths with the same initial state share a program

The rule for each torch function is in `rules`. `written` has functions that are made of others with
a rule, and `complex` those of complex numbers, which a graph holds as pairs.
"""
