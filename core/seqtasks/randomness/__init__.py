"""Random streams keyed by seed and purpose, so that no two uses share a state.

    streams           NumPy generators, from which all task data is drawn
    torch_operations  the operations of torch that draw
    torch_streams     generators for torch: initial weights and draws during training

Nothing here reads or changes the caller's global generators.
"""
