"""The native engine: the whole training step as one C program, made for a model and kept."""
