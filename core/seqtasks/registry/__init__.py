"""From a name to a class and back: plugins, modules and the user's own files.

    registrations       the entries that a plugin registers
    plugin_imports      import one plugin, check it, name it if it is slow
    replaced_functions  functions of torch and NumPy that an import replaces, put back
    process_settings    what an import must not change, put back after it
    discovery           find plugins; keep their entries; set a broken plugin aside
    file_modules        names of the modules of user's files; send their classes to other processes
    neighbour_imports   let a user's file import the modules beside it
    fitting_classes     whether a class can be a task, a cell or a readout
    user_files          classes of the user's own Python files: `./mine.py:Class`
    module_classes      classes of importable modules: `package.module:Class`
    find                from a spec to the class that it names and its parameters
    variants            the tasks that one spec leaves open
    references          from a task, cell or readout to JSON
    executed_code       the code that a thing executes, named by its content
    restore             from JSON back to a thing, after all its code was examined
    module_syntax       the names that a module's source binds and imports
    definitions         digests of definitions, to notice that one has changed
    origins             the plugin, version and definition that a name stands for

The registry imports a cell only when someone asks for it. Whether code may run at all is decided
in `trust`.
"""
