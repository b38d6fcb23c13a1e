"""Writes `corpus/`: a few small valid files for each target of `fuzz.py`, all of our own making."""

import io
import json
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "src"), str(HERE.parent)]

from helpers import box_files, profiles  # noqa: E402
from helpers.tensorflow_samples import announced, block, message, shape, varint  # noqa: E402

from inception_hub.formats.tensorflow.crc32c import masked_crc32c  # noqa: E402


def archive(compression: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}", format=tarfile.PAX_FORMAT) as writer:
        for name, content in (("variables/data", b"x" * 600), ("ä" * 60, b"y")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            writer.addfile(info, io.BytesIO(content))
    return file.getvalue()


def picture(format: str, **options: object) -> bytes:
    file = io.BytesIO()
    values = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)
    Image.fromarray(values).save(file, format, **options)  # type: ignore[arg-type]
    return file.getvalue()


def shard() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as writer:
        members = {
            "1.png": b"a",
            "1.cls": b"0",
            "2.png": b"b",
            "2.json": b'{"label": 1}',
            "ä" * 60 + ".txt": b"3",
        }
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            writer.addfile(info, io.BytesIO(content))
    return file.getvalue()


def parquet(compression: str) -> bytes:
    import pyarrow.parquet

    file = io.BytesIO()
    table = pyarrow.table({"image": [b"a", b"b", b"b"], "label": ["x", "y", "x"]})
    pyarrow.parquet.write_table(table, file, compression=compression)
    return file.getvalue()


def safetensors() -> bytes:
    from safetensors.numpy import save

    return save({"InceptionV2/a": np.zeros((2, 2), np.float32), "b": np.ones(3, np.float16)})


def manifest() -> bytes:
    files = {name: {"size": 1, "sha256": "0" * 64} for name in ("weights.safetensors", "labels.txt")}
    fields = {
        "format": "inception-hub module",
        "format_version": 1,
        "name": "small",
        "architecture": {"name": "inception_v2", "depth_multiplier": 0.25, "num_classes": 2},
        "image_size": [64, 64],
        "preprocessing": {"resize": "default", "range": [0, 1], "channels": "RGB"},
        "wordnet_ids": ["n00000001", None],
        "provenance": {"source": "here", "licence": "MIT", "source_sha256": None},
        "accuracy": [{"top1": 0.5}],
        "files": files,
    }
    return json.dumps(fields).encode()


def corpus() -> dict[str, list[bytes]]:
    meta = announced(2, 2)
    piece = message((1, b"w"), (2, message((1, b""), (1, b""))), (3, message((5, bytes(16)))))
    info = message((1, b"x:0"), (2, 1), (3, shape(-1, 3)))
    signature = message((1, message((1, b"images"), (2, info))), (2, message((1, b"default"), (2, info))))
    size = message((1, message((1, 224), (2, 224))))
    attachment = message((1, message((1, b"image_module_info"), (2, size))))
    collection = message((1, b"hub_module_attachments"), (2, message((2, attachment))))
    graph = message(
        (1, message((4, b"train"))), (4, collection), (5, message((1, b"default"), (2, signature)))
    )
    entries = block((b"a", b"1"), (b"ab", b"2"))
    return {
        "tar": [archive(kind) for kind in ("", "gz", "bz2", "xz")],
        "snappy": [varint(70) + b"\x14hello " + b"\xfe\x05\0"],
        "protobuf": [meta, message((1, 1 << 63), (2, b"ab"))],
        "table": [b"\0" + entries, b"\1" + varint(len(entries)) + bytes([len(entries) - 1 << 2]) + entries],
        "v1": [bytes([len(meta)]) + meta + piece],
        "v2": [
            message((1, 1), (2, shape(4, 4)), (5, 64), (6, masked_crc32c(bytes(64)).to_bytes(4, "little")))
        ],
        "objects": [
            message(
                (1, message((1, message((1, 1), (2, b"layer"))))),
                (1, message((2, message((1, b"VARIABLE_VALUE"), (2, b"InceptionV2/a"), (3, b"v"))))),
            )
        ],
        "saved_model": [message((1, 1), (2, graph))],
        "tfhub_module": [message((1, 3))],
        "manifest": [manifest()],
        "safetensors": [safetensors()],
        "labels": [b"cat\ndog\n"],
        "image": [
            *(picture(format) for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")),
            picture("JPEG", progressive=True),
            picture("TIFF", compression="tiff_lzw"),
            picture("GIF", save_all=True, append_images=[Image.new("RGB", (16, 16))]),
            picture("AVIF"),
            picture("AVIF", save_all=True, append_images=[Image.new("RGB", (16, 16))]),
            box_files.encoded(Image.new("RGBA", (16, 16)), "AVIF"),
            box_files.encoded(Image.new("RGB", (16, 16)), "HEIC"),
            box_files.coloured(picture("AVIF"), 9, 16),
            picture("PNG", icc_profile=profiles.rgb_profile("display-p3")),
            picture("JPEG", icc_profile=profiles.rgb_profile("adobe-rgb")),
        ],
        "png": [
            b"\0Raw profile type exif\0|\1Comment\0\0" + zlib.compress(b"text"),
            b"\2XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b'<x tiff:Orientation="3"/>'),
            b"\3ours\0\0" + zlib.compress(profiles.rgb_profile("srgb")),
            b"\4II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0|\5\0\1\0\2\0\3|\6" + bytes(8),
            b"\x0a\x0c\x0d\0\1",  # Display P3 by numbers
            b"\x09\0\0\xd9\x03|\x0b" + bytes(range(32)),
        ],
        "profile": [
            *map(profiles.rgb_profile, ("prophoto", "srgb")),
            profiles.grey_profile(2.2),
            profiles.cmyk_profile(),
        ],
        "metadata_csv": [
            b"file_name,label\na.png,daisy\nb.png,rose\n",
            b'\xef\xbb\xbfFile Name;Class;split\r\n"images/b.png";"a ""b""";val\r\n'
            b"a.png;c;train\r\n;;\r\na;d;train\r\n",
        ],
        "metadata_jsonl": [
            b'{"file_name": "a.png", "label": 0}\n{"file_name": "b", "label": 1, "x": [null]}\n'
        ],
        "csv": [b"a.png,daisy\nimages\\b.png,rose\n", b"path\tlabel\na.png\t1\nb.png\t0\n"],
        "shard": [shard()],
        "parquet": [parquet("none"), parquet("zstd")],
    }


def main() -> None:
    for target, contents in corpus().items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(contents):
            (folder / str(number)).write_bytes(content)


if __name__ == "__main__":
    main()
