"""The package's templates of pages, by jinja2: all text in them is escaped, a name they lack is an error."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

# jinja2 is imported where it is used: most of what is run writes no page.


@cache
def page_template(name: str) -> "Template":
    """The template `name` of `resources/templates`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("inception_hub", "resources/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
