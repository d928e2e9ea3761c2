"""Random streams keyed by seed and purpose, so that no two uses share a state.

    streams           NumPy generators, from which all task data is drawn
    torch_operations  the operations of torch that draw
    torch_streams     generators for torch: initial weights and draws during training

    philox            numbers as functions of their places
    draw_functions    torch's random functions, written by uniform and normal numbers
    drawing_layers    torch's recurrent layers with dropout between them
    drawing_mode      the mode of torch in which those functions run
    draw_axes         which axes of a draw are the batch's
    counted_draws     the draws of a pass through a model, by their places

Nothing here reads or changes the caller's global generators.
"""
