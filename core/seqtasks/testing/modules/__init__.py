"""The checks that cells and readouts share.

found             from a name, a class or an object to a specimen
specimen          a cell or a readout under test, which can be made again and run
default_settings  try a promise under default settings, and leave no trace
trial             a small model around a cell or a readout, and batches for it
parts             what a class says of itself, and its parameters
kept_state        random draws, and what is kept on self
learnable         parameters, and the gradients that reach them
differences       gradients beside differences of float64 results
numbers           float32 and float64, zeros and large numbers
copies            the state dict, deep copies, pickles
"""
