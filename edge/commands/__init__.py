"""The subcommands of ``edge``, a module each: its arguments, and what it does with them."""
