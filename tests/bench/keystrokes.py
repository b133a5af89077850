"""`python -m tests.bench.keystrokes`: how long an answer to a key takes in Chromium, from the request to the page.

Queries are typed into the box of the results page. Counted is from the moment at which the script asks (it waits for a
pause in the typing first) until the suggestions stand in the list, and until the new results stand in the page and the
browser has laid them out.
"""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

import click
from playwright.sync_api import Page, sync_playwright

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine

from .pages import CORPUS, judged_queries, serving

WATCH = """() => {
  window.answers = { suggestions: [], results: [] };
  const asked = {};
  const send = window.fetch;
  window.fetch = (url, ...rest) => {
    asked[String(url).startsWith("/suggest") ? "suggestions" : "results"] = performance.now();
    return send(url, ...rest);
  };
  const watch = (kind, node) => new MutationObserver(() => {
    if (!asked[kind]) return;
    document.body.getBoundingClientRect();
    window.answers[kind].push(performance.now() - asked[kind]);
    asked[kind] = 0;
  }).observe(node, { childList: true });
  watch("suggestions", document.querySelector("#search-options"));
  watch("results", document.querySelector("#page-main"));
}"""
"""Notes when each answer is asked for, and when it stands in the page with its layout worked out."""


def measure(page: Page, base: str, queries: list[str], pause: int) -> dict[str, list[float]]:
    """Milliseconds of every answer while these queries are typed, with a pause between keys."""
    page.goto(f"{base}/search?q=pay")
    page.wait_for_selector("#search-options", state="attached")
    page.evaluate(WATCH)
    box = page.locator("#search-box")
    for query in queries:
        box.fill("")
        box.press_sequentially(query, delay=pause)
        page.wait_for_function("query => new URLSearchParams(location.search).get('q') === query", arg=query)
    found: dict[str, list[float]] = page.evaluate("() => window.answers")
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--queries", type=click.IntRange(1), default=8, show_default=True, help="How many judged queries.")
@click.option("--pause", type=click.IntRange(0), default=400, show_default=True, help="Milliseconds between two keys.")
@click.option("--chromium", default=shutil.which("chromium"), show_default="the installed one", help="Its program.")
def main(queries: int, pause: int, chromium: str | None) -> None:
    """Type queries in Chromium and time the answer to each key. Both answers follow a key when the pause is 400 ms."""
    if chromium is None:
        raise click.ClickException("no Chromium found: install one, or name it with --chromium")
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        settings = Settings(corpus=CORPUS, index=str(Path(folder) / "index"))
        with closing(open_engine(settings)) as engine:
            rebuild(engine, settings.corpus)
        with serving(settings, []) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            answers = measure(browser.new_page(), f"http://127.0.0.1:{port}", judged_queries(queries), pause)
            browser.close()
    for kind, times in answers.items():
        p95 = quantiles(times, n=20)[-1]
        click.echo(f"{kind:<11} {len(times):4d} answers  p50 {median(times):6.1f} ms  p95 {p95:6.1f} ms")


if __name__ == "__main__":
    main()
