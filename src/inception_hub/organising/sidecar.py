"""XMP sidecars: labels as keywords in a small file beside a photo, which photo managers read."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..system.text import encoded, printable

PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:subject>
    <rdf:Bag>
{items}    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def sidecar(labels: Sequence[str]) -> bytes:
    """The file's content: `labels` as the keywords `dc:subject`; what no XML can hold is escaped."""
    items = "".join(f"     <rdf:li>{escape(printable(label))}</rdf:li>\n" for label in labels)
    return encoded(PACKET.format(items=items))
