"""Peak memory of ``trainer bottlenecks`` as photos grow: copies of the photos, each with bytes of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.measured_process import run_trainer
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.photos.folder import list_photos
from trainer.progress import Progress


def measure(image_dir: Path, architecture: Architecture, copies: list[int], progress: Progress) -> list[dict[str, Any]]:
    """Peak resident memory in bytes of a cold run over ``copies`` times the photos, one row for each."""
    rows = []
    files = list_photos(image_dir).files
    for count in copies:
        with tempfile.TemporaryDirectory() as scratch, progress.stage(f"{count} copies"):
            for file in files:
                content = file.path.read_bytes()
                for copy in range(count):
                    path = Path(scratch) / "photos" / file.label / f"{copy}-{file.path.name}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    # Bytes behind the end of a JPEG change its hash and nothing else.
                    path.write_bytes(content + f"copy {copy}".encode())
            load_backbones(Path(scratch) / "cache", architecture, None, ("int8",))
            command = ["bottlenecks", str(Path(scratch) / "photos"), "--architecture", architecture.name]
            usage = run_trainer(*command, "--bottleneck-dir", str(Path(scratch) / "cache"))
            rows.append({"photos": count * len(files), "peak_memory_bytes": usage.peak_memory_bytes})
    return rows
