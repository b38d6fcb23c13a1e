"""A module's card as the page renders it in headless Chromium: what cards use, and nothing that is markup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.browsing import opened
from helpers.serving import Served, served

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script>"


@pytest.fixture(scope="module")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(small_module) as client:
            yield client


@pytest.fixture(scope="module")
def page(server: Served, browser: Any) -> Iterator[Any]:
    with opened(browser, f"{server.url}/") as page:
        yield page


def rendered(page: Any, card: str) -> str:
    return page.evaluate(
        """async (card) => {
            const { rendered } = await import("./markdown.js");
            const place = document.createElement("div");
            place.append(rendered(card));
            return place.innerHTML;
        }""",
        card,
    )


@pytest.mark.parametrize(
    ("card", "html"),
    [
        ("# One\n## Two", "<h3>One</h3><h4>Two</h4>"),
        ("a\nb\n\nc", "<p>a b</p><p>c</p>"),
        ("- a\n- **b**\n\n1. c", "<ul><li>a</li><li><strong>b</strong></li></ul><ol><li>c</li></ol>"),
        (
            "```sh\nls | wc\n# no heading\n```\nafter",
            '<pre tabindex="0"><code>ls | wc\n# no heading</code></pre><p>after</p>',
        ),
        ("```\nopen", '<pre tabindex="0"><code>open</code></pre>'),
        ("`a*b*` *c* d_e_f", "<p><code>a*b*</code> <em>c</em> d_e_f</p>"),
        (
            "| a | b |\n|---|---|\n| `1` | 2 |\n\nx",
            '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
            "<tbody><tr><td><code>1</code></td><td>2</td></tr></tbody></table></div><p>x</p>",
        ),
        (
            "| | |\n|---|---|\n| 1 | 2 |",
            '<div class="table" tabindex="0"><table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>'
            "</div>",
        ),
        ("| no table", "<p>| no table</p>"),
        (
            "[a](https://example.org/x)",
            '<p><a href="https://example.org/x" rel="noreferrer noopener">a</a></p>',
        ),
        ("[a](javascript:alert(1)) [b](data:text/html,x)", "<p>[a](javascript:alert(1)) b</p>"),
        ("", ""),
    ],
)
def test_what_cards_use(page: Any, card: str, html: str) -> None:
    assert rendered(page, card) == html


@pytest.mark.parametrize(
    "frame", ["{}", "# {}", "- {}", "**{}**", "`{}`", "| {} |\n|---|\n| {} |", "[{}](https://a.b)"]
)
def test_nothing_in_a_card_is_markup(page: Any, frame: str) -> None:
    html = rendered(page, frame.replace("{}", HOSTILE))
    assert "<img" not in html and "<script" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "*" * 50_001, "`a" * 30_001, "|-" * 30_000, "-" * 50_000 + "x", "a|\n" * 9_000]
)
def test_a_hostile_card_is_rendered_all_the_same(page: Any, text: str) -> None:
    assert len(rendered(page, text)) >= len(text) / 2


def test_a_card_of_a_module_of_strangers(page: Any, server: Served) -> None:
    """From the server to the page, whatever its texts are."""
    card = server.get("/card").json | {"card": f"# {HOSTILE}", "name": HOSTILE, "source": HOSTILE}
    page.route("**/card", lambda route: route.fulfill(body=json.dumps(card), content_type="application/json"))
    page.reload()
    page.get_by_text("About this module").click()
    assert page.locator("#module").inner_text() == HOSTILE
    assert page.locator("#card-text h3").inner_text() == HOSTILE
    assert page.locator("#card img, #card script").count() == 0
