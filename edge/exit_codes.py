"""The exit codes of the commands: those of BSD ``sysexits.h``, and of the shell for Ctrl-C.

===  =====================================================================
0    the command did what it was asked to do
2    the command line asks for something impossible
65   the input is bad: a photo, a model or a data set
69   a camera, a host, or the device of a delegate does not answer
74   reading or writing a file failed
78   something must be installed or provided first
130  Ctrl-C
===  =====================================================================

:mod:`edge.errors` says which error has which code.
"""

USAGE = 2
BAD_DATA = 65
UNAVAILABLE = 69
STORAGE = 74
CONFIGURATION = 78
INTERRUPTED = 130
"""128 + SIGINT, the shell's convention."""
