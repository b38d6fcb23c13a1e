"""AVIF and HEIC files whose parts are not what Pillow would write."""

import io
from collections.abc import Sequence

from PIL import Image


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """`image` as AVIF by Pillow or as HEIC by pillow-heif."""
    file = io.BytesIO()
    if format == "AVIF":
        image.save(file, "AVIF", **options)
    else:
        import pillow_heif

        pillow_heif.from_pillow(image).save(file, **options)
    return file.getvalue()


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return (8 + len(content)).to_bytes(4) + kind + content


def coloured(content: bytes, primaries: int, transfer: int) -> bytes:
    """An AVIF or HEIC that says its colours by numbers, with others."""
    place = content.index(b"colrnclx") + 8
    return content[:place] + primaries.to_bytes(2) + transfer.to_bytes(2) + content[place + 4 :]


def file(
    items: Sequence[tuple[bytes, bytes]],
    brand: bytes,
    *,
    shown: Sequence[int] = (),
    properties: bytes = b"",
    uses: bytes = b"",
) -> bytes:
    """A file of items of a kind; `shown`: the numbers of those that the first is made of.

    `uses`: the box that says which item has which of the `properties`.
    """
    names = [box(b"infe", bytes([2, 0, 0, 0]), (n + 1).to_bytes(2), bytes(2), kind, b"\0")
             for n, (kind, _) in enumerate(items)]  # fmt: skip
    head = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    reference = box(b"dimg", (1).to_bytes(2), len(shown).to_bytes(2), *(n.to_bytes(2) for n in shown))

    def meta(start: int) -> bytes:
        places = b""
        for number, (_, data) in enumerate(items):
            places += (number + 1).to_bytes(2) + bytes(2) + (1).to_bytes(2)
            places += start.to_bytes(4) + len(data).to_bytes(4)
            start += len(data)
        return box(
            b"meta", bytes(4), box(b"pitm", bytes(4), (1).to_bytes(2)),
            box(b"iloc", bytes(4), b"\x44\0", len(items).to_bytes(2), places),
            box(b"iinf", bytes(4), len(items).to_bytes(2), *names),
            box(b"iref", bytes(4), reference) if shown else b"",
            box(b"iprp", box(b"ipco", properties), uses),
        )  # fmt: skip

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", b"".join(data for _, data in items))
