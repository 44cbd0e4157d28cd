"""Models of other projects become files of this one."""
