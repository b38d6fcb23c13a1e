"""What each option of each verb must put where: see `tests/cli/test_options.py`.

Places are written as the called function and its parameter; fields of dataclasses follow behind another dot.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """The words `given`, the option among them, must put `value` in `place`: there, or in what is printed."""

    given: str
    place: str
    value: Any
    base: str | None = None  # the rest of the command, where it is not the verb's in `BASE`


COMPUTING = {
    "--engine": Row("--engine torch", "Module.engine", "torch"),
    "--precision": Row("--precision bf16", "Module.precision", "bf16"),
}
MODULE = {"--module": Row("--module other", "load_module_spec.handle", "other")}
ON_DEVICE = {"--device": Row("--device cuda", "Module.device", "cuda")}
ANSWERS = {
    **MODULE,
    **COMPUTING,
    **ON_DEVICE,
    "--output": Row("--output TMP/rows --format csv", "open_writer.output", "TMP/rows"),
    "--resume": Row("--resume --output TMP/rows --format csv", "open_writer.resume", True),
    "--resize": Row("--resize slim", "infer.options.resize", "slim"),
    "--max-pixels": Row("--max-pixels 12345", "infer.options.max_pixels", 12345),
    "--ray": Row("--ray auto", "on_cluster.address", "auto"),
}
FINETUNED = "finetune.options"
ROWS: dict[str, dict[str, Row]] = {
    "classify": {
        **ANSWERS,
        "--top": Row("--top 3", "infer.options.top", 3),
        "--coverage": Row("--coverage 0.9", "infer.options.coverage", 0.9),
        "--format": Row("--format jsonl", "open_writer.format", "jsonl"),
        "--gallery": Row("--gallery TMP/page.html", "Gallery.path", "TMP/page.html"),
        "--heatmaps": Row("--heatmaps --gallery TMP/page.html", "infer.options.feature_maps", True),
    },
    "embed": {**ANSWERS, "--format": Row("--format csv", "open_writer.format", "csv")},
    "similar": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--among": Row("--among TMP/photo.png", "collect.among", ["TMP", "TMP/photo.png"]),
        "--duplicates": Row("--duplicates", "collect.photos_only", True, base="similar TMP"),
        "--top": Row("--top 3", "search.top", 3),
        "--format": Row("--format csv", "write_rows.format", "csv"),
        "--output": Row("--output TMP/rows --format csv", "write_rows.output", "TMP/rows"),
        "--gallery": Row("--gallery TMP/page.html", "SimilarPage.path", "TMP/page.html"),
        "--resize": Row("--resize slim", "search.options.resize", "slim"),
        "--max-pixels": Row("--max-pixels 12345", "search.options.max_pixels", 12345),
    },
    "explain": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--output": Row("--output TMP/other", "Pictures.folder", "TMP/other"),
        "--top": Row("--top 7", "explained_photo.top", 7),
        "--class": Row("--class b --class 4", "explained_photo.classes", [1, 4]),
        "--size": Row("--size 96x64", "explained_photo.size", (96, 64)),
        "--resize": Row("--resize slim", "explained_photo.resize", "slim"),
        "--max-pixels": Row("--max-pixels 12345", "explained_photo.max_pixels", 12345),
    },
    "organise": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--into": Row("--into TMP/other", "organise.into", "TMP/other"),
        "--undo": Row("--undo TMP/sorted", "undo_organise.into", "TMP/sorted", base="organise"),
        "--how": Row("--how move", "organise.how", "move"),
        "--least": Row("--least 0.75", "organise.least", 0.75),
        "--dry-run": Row("--dry-run", "organise.dry_run", True),
        "--xmp": Row("--xmp", "organise.xmp", True),
        "--resize": Row("--resize slim", "organise.resize", "slim"),
        "--max-pixels": Row("--max-pixels 12345", "organise.max_pixels", 12345),
    },
    "info": {"--json": Row("--json", "stdout", '"name": "small"')},
    "pull": {},
    "convert": {
        "--depth-multiplier": Row("--depth-multiplier 0.5", "convert_files.depth_multiplier", 0.5),
        "--weights": Row("--weights average", "convert_files.weights", "average"),
    },
    "finetune": {
        "--output": Row("--output TMP/other", "finetune.output", "TMP/other"),
        "--module": Row("--module other", "resolve.handle", "other"),
        "--validation": Row("--validation held", "finetune.validation", "held"),
        "--exclude": Row("--exclude some.csv", "finetune.exclude", "some.csv"),
        "--phases": Row("--phases head", f"{FINETUNED}.phases", "head"),
        "--epochs": Row("--epochs 7", f"{FINETUNED}.epochs", 7),
        "--learning-rate": Row("--learning-rate 0.5", f"{FINETUNED}.learning_rate", 0.5),
        "--batch-size": Row("--batch-size 6", f"{FINETUNED}.batch_size", 6),
        "--image-size": Row("--image-size 96", f"{FINETUNED}.image_size", 96),
        "--training-size": Row("--training-size 64", f"{FINETUNED}.training_size", 64),
        "--resize": Row("--resize auto", f"{FINETUNED}.resize", "auto"),
        "--batch-norm": Row("--batch-norm frozen", f"{FINETUNED}.batch_norm", "frozen"),
        "--batch-norm-momentum": Row("--batch-norm-momentum 0.5", f"{FINETUNED}.batch_norm_momentum", 0.5),
        "--label-smoothing": Row("--label-smoothing 0.3", f"{FINETUNED}.label_smoothing", 0.3),
        "--average": Row("--average 0.7", f"{FINETUNED}.average", 0.7),
        "--patience": Row("--patience 2", f"{FINETUNED}.patience", 2),
        "--select": Row("--select accuracy", f"{FINETUNED}.select", "accuracy"),
        "--class-weights": Row("--class-weights", f"{FINETUNED}.class_weights", True),
        "--teacher": Row("--teacher other --teacher third", "resolve.handle", "third"),
        "--teacher-share": Row(
            "--teacher other --teacher-share 0.25", f"{FINETUNED}.distillation.share", 0.25
        ),
        "--temperature": Row("--teacher other --temperature 5", f"{FINETUNED}.distillation.temperature", 5.0),
        "--precision": Row("--precision f32", f"{FINETUNED}.bfloat16", False),
        "--device": Row("--device cuda", f"{FINETUNED}.device", "cuda"),
        "--seed": Row("--seed 5", "finetune.seed", 5),
        "--log-with": Row("--log-with wandb --log-with mlflow", "finetune.log_with", ["wandb", "mlflow"]),
    },
    "train": {
        "--output": Row("--output TMP/other", "train_from_scratch.output", "TMP/other"),
        "--validation": Row("--validation held", "train_from_scratch.validation", "held"),
        "--exclude": Row("--exclude some.csv", "train_from_scratch.exclude", "some.csv"),
        "--set": Row("--set label_smoothing=0.3", "train_from_scratch.recipe.label_smoothing", 0.3),
        "--teacher": Row("--teacher other --teacher third", "resolve.handle", "third"),
        "--teacher-share": Row(
            "--teacher other --teacher-share 0.25", "train_from_scratch.distillation.share", 0.25
        ),
        "--temperature": Row(
            "--teacher other --temperature 5", "train_from_scratch.distillation.temperature", 5.0
        ),
        "--precision": Row("--precision f32", "train_from_scratch.bfloat16", False),
        "--device": Row("--device cuda", "train_from_scratch.device", "cuda"),
        "--seed": Row("--seed 5", "train_from_scratch.seed", 5),
        "--log-with": Row("--log-with trackio", "train_from_scratch.log_with", ["trackio"]),
    },
    "evaluate": {
        **COMPUTING,
        **ON_DEVICE,
        "--split": Row("--split train", "pick_split.name", "train"),
        "--against": Row("--against other", "load_module_spec.handle", "other"),
        "--report": Row("--report TMP/page.html", "stderr", "Report: TMP/page.html"),
        "--json": Row("--json", "stdout", '"top1": 1.0'),
        "--resize": Row("--resize slim", "evaluate_split.preset", "slim"),
    },
    "calibrate": {"--split": Row("--split test", "calibrate.split", "test")},
    "inspect": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--validation": Row("--validation held", "open_dataset.validation", "held"),
        "--report": Row("--report TMP/page.html", "stderr", "Report: TMP/page.html"),
        "--decisions": Row(
            "--decisions TMP/d.csv", "stderr", "finetune data --output my_module --exclude TMP/d.csv"
        ),
        "--json": Row("--json", "stdout", '"proposed_to_exclude": 1'),
        "--resize": Row("--resize slim", "survey.preset", "slim"),
    },
    "quantize": {
        "--calibrate": Row("--calibrate others", "quantize.calibrate", "others"),
        "--max-drop": Row("--max-drop 3", "quantize.max_drop", 3.0),
        "--min-agreement": Row("--min-agreement 70", "quantize.min_agreement", 70.0),
        "--explain": Row("--explain", "quantize.explain", True),
    },
    "export": {
        "--to": Row("--to openvino", "export_bundle.format", "openvino"),
        "--force": Row("--force", "export_bundle.force", True),
        "--size": Row("--size 96x64", "export_bundle.options.size", (96, 64)),
        "--batch": Row("--batch 3", "export_bundle.options.batch", 3),
        "--photos": Row("--photos", "export_bundle.options.photos", True),
        "--top": Row("--top 2", "export_bundle.options.top", 2),
        "--int8": Row("--int8", "export_bundle.options.int8", True),
        "--fp16": Row("--fp16", "export_bundle.options.fp16", True),
        "--evidence": Row("--evidence", "export_bundle.options.evidence", True),
        "--server": Row("--server ovms", "export_bundle.options.server", "ovms"),
        "--runtime": Row("--runtime ort.tgz", "export_bundle.options.runtime", "ort.tgz"),
    },
    "push": {"--private": Row("--private", "push_bundle.private", True)},
    "bench": {
        "--module": Row("--module other", "resolve.handle", "other"),
        "--photos": Row("--photos TMP/photo.png", "bench.photos", ["TMP/photo.png"]),
        "--batch": Row("--batch 3 --batch 5", "bench.batch", [3, 5]),
        "--seconds": Row("--seconds 0.5", "bench.seconds", 0.5),
        "--json": Row("--json", "stdout", '"module": "small"'),
    },
    "serve": {
        **MODULE,
        **COMPUTING,
        "--host": Row("--host 127.0.0.9", "listen.host", "127.0.0.9"),
        "--port": Row("--port 8765", "listen.port", 8765),
        "--allowed-host": Row("--allowed-host a.example", "AllowedHosts.given", ["a.example"]),
        "--allow-origin": Row("--allow-origin https://a", "AllowedHosts.origins", ["https://a"]),
        "--root-path": Row("--root-path /hub/", "make_app.prefix", "/hub"),
        "--limit": Row("--limit queue=7", "make_app.limits.queue", 7),
        "--ray": Row("--ray auto", "serve_on_cluster.address", "auto"),
    },
    "settings": {"--json": Row("--json", "stdout", "[]")},
    "cache ls": {},
    "cache verify": {},
    "cache rm": {},
    "cache gc": {},
}
BASE = {
    "classify": "classify TMP/photo.png",
    "embed": "embed TMP/photo.png",
    "explain": "explain TMP/photo.png --output TMP/pictures",
    "organise": "organise TMP/photo.png --into TMP/sorted",
    "similar": "similar TMP/photo.png --among TMP",
    "info": "info given",
    "convert": "convert given TMP/new",
    "finetune": "finetune data --output TMP/new",
    "train": "train slim data --output TMP/new",
    "evaluate": "evaluate given data",
    "calibrate": "calibrate given data",
    "inspect": "inspect data",
    "quantize": "quantize given --calibrate photos",
    "export": "export given TMP/new --to onnx",
    "push": "push given owner/name",
    "bench": "bench",
    "settings": "settings",
    "serve": "serve",
}
