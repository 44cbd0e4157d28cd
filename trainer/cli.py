"""The ``trainer`` command: which commands there are; each has a module in :mod:`trainer.commands`."""

from __future__ import annotations

import typer

from trainer.commands.adopt import adopt_command
from trainer.commands.architectures import architectures_command
from trainer.commands.backbone import backbone_command
from trainer.commands.bottlenecks import bottlenecks_command
from trainer.commands.bundle import bundle_command
from trainer.commands.choose import choose_command
from trainer.commands.compare import compare_command
from trainer.commands.evaluate import evaluate_command
from trainer.commands.flash import flash_command, rollback_command
from trainer.commands.grid import build_command
from trainer.commands.retrain import retrain_command
from trainer.commands.teach import teach_command

app = typer.Typer(
    help="Retrain a network on a folder of photos and export one quantized model file.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
grid_app = typer.Typer(help="Models of the 16 MobileNets, or of other networks, for edge bench.", no_args_is_help=True)

for name, command, example in (
    ("retrain", retrain_command, "trainer retrain flower_photos --architecture mobilenet_0.50_224"),
    ("teach", teach_command, "trainer teach 0"),
    ("bottlenecks", bottlenecks_command, "trainer bottlenecks flower_photos --architecture mobilenet_0.50_224"),
    ("backbone", backbone_command, "trainer backbone mobilenet_0.50_224 --output backbone.tflite"),
    ("evaluate", evaluate_command, "trainer evaluate models/flowers.tflite flower_photos"),
    ("compare", compare_command, "trainer compare old.tflite new.tflite flower_photos"),
    ("adopt", adopt_command, "trainer adopt model_unquant.tflite --labels labels.txt my_photos"),
    ("architectures", architectures_command, "trainer architectures --json"),
    ("choose", choose_command, "trainer choose pi4.json --max-latency-ms 30 --max-size-kb 2000"),
    ("flash", flash_command, "trainer flash models/flowers.tflite pi@raspberrypi.local"),
    ("rollback", rollback_command, "trainer rollback pi@raspberrypi.local"),
    ("bundle", bundle_command, "trainer bundle models/flowers.tflite --platform aarch64 --python 3.11"),
):
    app.command(name, epilog=f"Example: {example}")(command)
grid_app.command("build", epilog="Example: trainer grid build grid flower_photos")(build_command)
app.add_typer(grid_app, name="grid")
