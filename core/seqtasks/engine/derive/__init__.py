"""The backward pass as more nodes of the same graph.

    backward  from the nodes of the forward pass to the gradient of every parameter and state
    reach     the shortest sequence for which each of them has a gradient

The derivative of each operation stands in the table `graph.operations`.
"""
