"""Result files that people send: read as a stranger's, and checked before they stand beside others."""
