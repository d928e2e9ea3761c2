"""Values and operations; nothing of torch modules, nothing of C.

    phases       when a value is computed: weights, vocabulary, before, in or after the loop
    node         a value for one row of the batch
    operations   the table of operations: C, torch call, derivative, and what else holds for each
    pointwise_derivatives, other_derivatives  derivatives that take more than a line in that table
    equations    inverses, solutions and factors of a matrix for each row, and their derivatives
    simplify     operations that need no node of their own
    make_view    a view of a value, composed with other views, or moved to its operands
    build        make nodes, and none where a simpler one will do
    index        a view's index as rectangles
    walk         what is reached, what is live, who uses a node, the terms of a sum
    rewrite      write a graph anew with other nodes
    cotangents   the gradients that a backward pass finds
    own_gradients  gradients that a model defines itself
    reached      the parameters that a result's gradient reaches
    model_graph  everything that is known of a recorded and derived model
    verify       check a graph between two passes, in tests or where SEQTASKS_VERIFY=1
    describe     the same for a reader, as `seqtasks show` prints it
    unsupported  the error for whatever a graph cannot say

How torch calls become nodes is in `record`; the backward pass is in `derive`.
"""
