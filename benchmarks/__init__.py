"""Measurements of the trainer and the edge package, beside other projects; neither package imports this one."""
