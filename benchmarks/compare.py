"""Side by side: the original, PyTorch, ONNX Runtime, a plain OpenVINO script and this package, in one run.

    python benchmarks/compare.py [--sizes mixed|typical|small | --photos FOLDER] [--peers ours ...]

Needs Python 3.11 and a network for pip; everything is made once in benchmarks/.work: an environment per peer,
the same weights in every peer's format, JPEG files. Then every peer answers for the same files, in turn,
round after round, each time in a fresh process. docs/performance.md says what is compared and how.
"""

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from peers import page, results
from peers.catalogue import BASE, OURS, REQUIREMENTS, ROWS
from peers.processes import WORK, Failed, Measured, make, measured, python_of, run, versions

BATCH = 16  # the largest of any peer: the number of photos is a multiple, so that no batch is a rest
WARM_UP = 2 * BATCH
SIZES = {
    "mixed": ["640x480"] * 4 + ["1280x960"] * 3 + ["2048x1536"] * 2 + ["4000x3000"],
    "typical": ["500x375"],  # of ImageNet's photos and most sets like it
    "small": ["640x480"],
}


def main() -> None:
    given = arguments()
    pythons = {peer: python_of(peer, given.python) for peer in given.peers}
    photos = given.photos or made_photos(pythons[OURS.peer], given.sizes)
    models = made_models(pythons)
    lists = photo_lists(photos, given.count)
    throughput: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    first: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    runs = [(row.peer, setting) for row in ROWS if row.peer in given.peers for setting in row.settings]
    for number in range(given.rounds):
        for peer, setting in list(runs):
            try:
                many = measured(pythons[peer], peer, setting, models, lists["many"], WARM_UP)
                one = measured(pythons[peer], peer, setting, models, lists["one"], 0)
            except Failed as error:
                print(f"{peer} {setting} is left out: {error}", file=sys.stderr)
                runs.remove((peer, setting))
                throughput.pop((peer, setting), None)
                if peer == BASE.peer or (peer, setting) == (OURS.peer, OURS.settings[0]):
                    sys.exit("Without it there is nothing to compare with.")
                continue
            throughput[peer, setting].append(many)
            first[peer, setting].append(one)
            print(
                f"round {number + 1}: {peer} {setting}: {many.photos_per_second:.1f} photos/s, "
                f"{many.peak_mb:.0f} MB; first answer {one.seconds:.2f} s, {one.peak_mb:.0f} MB",
                file=sys.stderr,
            )
    found = results.figures(throughput, first)
    named = "; ".join(
        f"{peer}: " + ", ".join(f"{name} {version}" for name, version in versions(python, peer).items())
        for peer, python in pythons.items()
    )
    what = f"{len(lists['many'].read_text().splitlines())} JPEG files ({photo_set(given)})"
    note = f"{page.machine()}. {what}, {given.rounds} rounds. Versions: {named}."
    text = f"{results.table(found)}\n\n{note}"
    svg = results.picture(found, f"Photos a second, times the original; {photo_set(given)}")
    given.out.mkdir(parents=True, exist_ok=True)
    measurements = {
        kind: {" ".join(run): [asdict(one) for one in rounds] for run, rounds in all_rounds.items()}
        for kind, all_rounds in (("throughput", throughput), ("first_answer", first))
    }
    report = {"note": note, "rows": [asdict(row) for row in found], "measurements": measurements}
    (given.out / "results.json").write_text(json.dumps(report, indent=1) + "\n")
    (given.out / "results.md").write_text(text + "\n")
    (given.out / "results.svg").write_text(svg)
    if given.write_docs:
        drawing = page.PAGE.with_name(f"performance-{given.sizes}.svg")
        drawing.write_text(svg)
        page.write(given.sizes, f"![Photos a second, times the original]({drawing.name})\n\n{text}")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", choices=list(SIZES), default="mixed", help="of the photos that are made")
    parser.add_argument("--photos", type=Path, help="a folder of JPEG files to take instead")
    parser.add_argument("--count", type=int, default=240, help="photos at most, a multiple of 16 is taken")
    parser.add_argument("--peers", nargs="+", choices=list(REQUIREMENTS), default=list(REQUIREMENTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=WORK / "results")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument(
        "--python", metavar="PEER=PATH", action="append", default=[], help="runs PEER with PATH"
    )
    given = parser.parse_args()
    given.python = dict(pair.split("=", 1) for pair in given.python)
    if given.photos and given.write_docs:
        parser.error("--write-docs is for the photos that everybody can make; leave out --photos.")
    given.peers = [peer for peer in REQUIREMENTS if peer in {*given.peers, BASE.peer, OURS.peer}]
    return given


def photo_set(given: argparse.Namespace) -> str:
    return (
        given.photos.name
        if given.photos
        else f"{given.sizes}: {', '.join(dict.fromkeys(SIZES[given.sizes]))}"
    )


def made_photos(python: str, sizes: str, count: int = 240) -> Path:
    """`sizes`: a key of `SIZES`, or one size."""
    folder = WORK / "photos" / sizes
    make(python, "photos", folder, folder, count, *SIZES.get(sizes, [sizes]))
    return folder


def made_models(pythons: dict[str, str]) -> Path:
    """The same weights in everybody's format, all made from the original's own directory."""
    models, weights = WORK / "models", WORK / "weights.npz"
    models.mkdir(parents=True, exist_ok=True)
    ours = pythons[OURS.peer]
    make(ours, "weights", weights, weights)
    make(pythons[BASE.peer], "original", models / "original", weights, models / "original")
    make(ours, "ours", models / "ours", models / "original", models)
    if {"onnxruntime", "openvino"} & set(pythons):
        python = python_of("onnxruntime", pythons)
        make(python, "onnx", models / "model.onnx", models)
    calibration = made_photos(ours, "small")
    if "openvino" in pythons:
        make(pythons["openvino"], "int8", models / "int8.xml", models, calibration)
    if not (models / "ours" / "int8.safetensors").exists():
        # The other peers' graphs are not checked either; the table's agreement tells.
        unchecked = ["--calibrate", str(calibration), "--min-agreement", "0"]
        try:
            run([ours, "-m", "inception_hub", "quantize", str(models / "ours"), *unchecked])
        except Failed as error:
            print(f"No int8 graph of ours: {error}", file=sys.stderr)
    return models


def photo_lists(folder: Path, count: int) -> dict[str, Path]:
    """Files with the paths of all photos and of one."""
    paths = [
        str(path.resolve()) for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")
    ]
    paths = paths[: min(count, len(paths)) // BATCH * BATCH]
    if not paths:
        sys.exit(f"{folder} holds fewer than {BATCH} JPEG files; give a folder with more.")
    lists = {"many": WORK / "many.txt", "one": WORK / "one.txt"}
    lists["many"].write_text("\n".join(paths))
    lists["one"].write_text(paths[0])
    return lists


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
