"""Embedding, layers of cells and readout, built from specs.

    loss             the loss of a batch
    model            the model, and its choice of an engine
    calling          inputs as tensors; predictions; evaluation mode
    module_cells     torch modules that are no `Cell`, made with the sizes of a cell
    build            from specs and sizes to a model with weights of its own stream
    initialization   first weights as torch draws them, or as Haiku does
    caller_settings  set the caller's torch settings aside while a run computes

Cells and the loop that defines a model's results are in `cells`; how a model is trained is in
`training`.
"""
