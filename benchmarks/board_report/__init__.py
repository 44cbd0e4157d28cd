"""The page that draws result files of ``edge bench``."""
