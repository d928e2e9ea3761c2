"""A model's analysis run as tensor operations, on any device torch has."""
