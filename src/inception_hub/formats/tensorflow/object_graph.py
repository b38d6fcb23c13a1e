"""The names of the variables in an object-based checkpoint, which TensorFlow 2 stores by their place.

Format: tensorflow/core/protobuf/trackable_object_graph.proto, which stands in the checkpoint as a string
under `OBJECT_GRAPH`; strings are laid out as in tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
"""

from collections import Counter

from ...errors import FormatError
from .crc32c import masked_crc32c
from .protobuf import EMPTY, chunk, fields, text, varint

OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
STRING = 7  # DT_STRING


def stored_string(raw: memoryview, checksum: int) -> memoryview:
    """The one string of a scalar entry: its length, a checksum of that, and its bytes."""
    length, start = varint(raw, 0)
    end = start + 4
    if len(raw) != end + length:
        raise FormatError(f"{OBJECT_GRAPH.decode()}: {len(raw)} bytes for a string of {length}")
    # Lengths count as four bytes each, however few are stored.
    guarded = b"".join((length.to_bytes(4, "little"), raw[start:]))
    if (
        masked_crc32c(guarded[:4]) != int.from_bytes(raw[start:end], "little")
        or masked_crc32c(guarded) != checksum
    ):
        raise FormatError(f"{OBJECT_GRAPH.decode()}: checksum mismatch")
    return raw[end:]


def full_names(graph: memoryview) -> dict[str, str]:
    """A variable's own name by the key it is stored under; a name that several have is left out."""
    names: dict[str, str] = {}
    for number, node in fields(graph):
        if number != 1:
            continue
        for part, attribute in fields(chunk(node)):
            if part == 2:
                parts = dict(fields(chunk(attribute)))
                name, key = (text(parts.get(i, EMPTY)) for i in (2, 3))
                if name and key:
                    names[key] = name
    count = Counter(names.values())
    return {key: name for key, name in names.items() if count[name] == 1}
