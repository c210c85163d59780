"""One module for each command: its docstring's first line is the help, its `command` function is the command."""
