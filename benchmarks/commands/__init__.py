"""The subcommands of ``python -m benchmarks``, by what they measure."""
