"""Every bar of the project as a command: `python -m benchmarks.<name>`; `make prove` runs them all."""
