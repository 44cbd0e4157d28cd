"""Files that are written whole or not at all, by the rules that the edge package writes its own with."""

from edge.files import check_writable, write_whole

__all__ = ["check_writable", "write_whole"]
