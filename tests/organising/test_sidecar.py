"""XMP sidecars: XML that any reader parses, whatever the labels."""

import xml.etree.ElementTree as ElementTree

import pytest

from inception_hub.organising.sidecar import sidecar

ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


@pytest.mark.parametrize(
    "labels, keywords",
    [
        (["Egyptian cat", "猫"], ["Egyptian cat", "猫"]),
        (["</rdf:li>&<!--", "]]>"], ["</rdf:li>&<!--", "]]>"]),
        (["a\x00b\x1b", "\udce9"], ["a\\x00b\\x1b", "\\udce9"]),
        (["{items}"], ["{items}"]),
    ],
)
def test_labels_are_keywords(labels: list[str], keywords: list[str]) -> None:
    content = sidecar(labels)
    assert content.startswith(b'<?xpacket begin="\xef\xbb\xbf"')
    assert [item.text for item in ElementTree.fromstring(content).iter(ITEM)] == keywords
