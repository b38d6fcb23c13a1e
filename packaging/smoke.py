"""The base install, tried by its command line: `python packaging/smoke.py VENV`.

Answers, pages and files, and the sentences for wrong usage, which the libraries at hand have a share in.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

PHOTO = """
import sys
from PIL import Image
Image.linear_gradient("L").convert("RGB").save(sys.argv[1])
"""
# What is asked, the exit status, and what stands in the output.
CASES = (
    (("--version",), 0, "inception-hub "),
    (("--help",), 0, "classify"),
    (("cache", "--help"), 0, "gc"),
    (("info", "tiny_imagenet"), 0, "tiny_imagenet"),
    (("classify", "photo.png", "--format", "csv"), 0, "photo.png,tiny_imagenet,1,"),
    (("classify", "photo.png", "--precision", "int8"), 0, "tiny_imagenet"),
    (("classify", "photo.png", "--gallery", "page.html"), 0, "page.html"),
    (("embed", "photo.png", "--output", "vectors.npy"), 0, ""),
    (("explain", "photo.png", "--output", "heatmaps"), 0, "photo"),
    (("organise", "photo.png", "--into", "sorted", "--dry-run"), 0, ""),
    (("export", "tiny_imagenet", "export", "--to", "openvino"), 0, "export"),
    (("classify", "photo.png", "--top", "x"), 2, "--top is 'x'; give a whole number"),
    (("classify", "photo.png", "--precision", "f8"), 2, "f8"),
    (("classify", "photo.png", "--bogus"), 2, "see inception-hub classify --help."),
    (("classify",), 2, "see inception-hub classify --help."),
    (("nonsense",), 2, "see inception-hub --help."),
    (("classify", "missing.png"), 2, "missing.png"),
    (("embed", "photo.png", "--output", "vectors.parquet"), 2, "which is not installed: pip install"),
    (("serve",), 2, "which is not installed: pip install"),
)


def main(environment: Path) -> int:
    programs = environment.absolute() / "bin"
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([programs / "python", "-c", PHOTO, f"{folder}/photo.png"], check=True)
        for arguments, status, text in CASES:
            ended = subprocess.run(
                [programs / "inception-hub", *arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            output = ended.stdout + ended.stderr
            if ended.returncode != status or text not in output or "Traceback" in output:
                wrong += 1
                print(
                    f"inception-hub {' '.join(arguments)}: status {ended.returncode}\n{output}",
                    file=sys.stderr,
                )
    print(f"{len(CASES) - wrong} of {len(CASES)} commands did as they should.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
