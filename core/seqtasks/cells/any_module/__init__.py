"""Take any torch module that makes one step as a cell, whatever its convention.

make                   a module as a cell, its convention found by trial at other sizes too
understand             how a module is called, what it returns, and what its state is
starts, calls          the states and the calls of the trial
readings               the readings of a module that agree with themselves
chosen_reading         the right one of several readings, or a refusal
verify                 where the first state comes from; the cell held against its module
separate               whether a result is computed from another result alone
module_cell            run a module of a known convention as a cell
convention             what is known of a module
times_given            what it is given for a time or the number of a step
arguments, refusal     the arguments of its forward; what is no cell
"""

from seqtasks.cells.any_module.make import module_cell
from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.cells.any_module.refusal import NotACellError, refuse_layers

__all__ = ["ModuleCell", "NotACellError", "module_cell", "refuse_layers"]
