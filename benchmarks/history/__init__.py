"""All result files by date: a page on which a change of a few per cent is seen."""
