"""From a name to a class and back: plugins, modules and the user's own files.

    discovery       find plugins; keep what they register; set a broken plugin aside
    plugin_imports  import one plugin, check it, name it if it is slow
    module_classes  classes of importable modules: `package.module:Class`
    user_files      classes of the user's own Python files: `./mine.py:Class`
    find            from a spec to the class that it names and its parameters
    variants        the tasks that one spec leaves open
    references      from a task, cell or readout to JSON and back
    definitions     digests of definitions, to notice that one has changed
    origins         the plugin, version and definition that a name stands for

The registry imports a cell only when someone asks for it. Whether code may run at all is decided
in `trust`.
"""
