"""The checks of a plugin, by subject.

installed       an installed distribution with its plugins, to be checked
import_probe    the program that imports a plugin in a process of its own, and measures it
probe           run that program, and read what it found
importing       checks of what the import of a plugin does
metadata        checks of what a distribution says of itself
registered      checks of what a plugin registers: names, targets, docs
things          the checks of each task, cell and readout, as one check a thing
wheels          build the wheel of a distribution, look into it, install it
"""
