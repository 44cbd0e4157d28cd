"""The standard set: files that every device writes alike, so that figures of different boards may be compared."""
