"""The hostile corpus in a real Chromium: nothing runs, nothing is loaded, nothing leads to a script."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hostile import HARMLESS_IN_THE_END

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, Request, sync_playwright
from werkzeug.serving import make_server

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from webapp import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REPORT_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(event.violatedDirective));
"""
TOUCH_EVERYTHING = """
() => {
  const names = ["mouseover", "mouseenter", "pointerenter", "focus"];
  names.push("toggle", "animationend", "error", "load");
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const element of document.querySelectorAll("#page-main *, main *")) {
    for (const name of names) {
      element.dispatchEvent(new Event(name, { bubbles: true }));
    }
    element.focus?.();
  }
}
"""
LINK_SCHEMES = (
    "() => [...new Set([...document.querySelectorAll('a[href], form')].map(e => new URL(e.href || e.action).protocol))]"
)
SHADOWED = "() => ['forms', 'body', 'cookie', 'head'].filter(name => document[name]?.matches?.('article *'))"


class Watched:
    """A page, and all that it should not do."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.complaints: list[str] = []
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("request", self._request)
        page.on("popup", lambda popup: self.complaints.append(f"popup {popup.url}"))
        page.on("download", lambda download: self.complaints.append(f"download {download.url}"))

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.site):
            self.complaints.append(f"request {request.url}")

    def visit(self, path: str) -> None:
        """Open a page, touch everything on it, and see that nothing happened."""
        self.page.goto(path)
        assert self.page.locator("h1").count() == 1
        assert set(self.page.evaluate(LINK_SCHEMES)) <= {"http:", "https:", "mailto:"}
        assert self.page.evaluate(SHADOWED) == []
        self.page.evaluate(TOUCH_EVERYTHING)
        assert self.page.evaluate("window.harmed === undefined")
        assert self.page.evaluate("window.violations") == []
        assert self.page.url == self.site + path
        assert self.complaints == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over the hostile corpus."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    write(settings.corpus)
    with closing(open_engine(settings)) as engine:
        rebuild(engine, settings.corpus)
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def write(folder: Path) -> None:
    folder.mkdir()
    for slug, text in HARMLESS_IN_THE_END.items():
        (folder / f"{slug}.md").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def watched(chromium: str, site: str) -> Iterator[Watched]:
    """A Chromium that reaches nothing but this machine, and tells what pages attempt."""
    args = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=args)
        page = browser.new_context(base_url=site).new_page()
        page.set_default_timeout(30_000)
        yield Watched(page, site)
        browser.close()


@pytest.mark.parametrize("slug", HARMLESS_IN_THE_END)
def test_nothing_of_a_hostile_profile_runs_in_chromium(watched: Watched, slug: str) -> None:
    watched.visit(f"/profiles/{slug}")
    watched.visit(f"/profiles/{slug}?q=wage")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=wage",
        "/search?q=script&explain=1",
        "/search?in=compensation",
        "/compare?section=compensation&company=scripts&company=handlers&company=links&company=ids",
        "/coverage",
        "/api",
        "/search?q=%3Cscript%3Ewindow.harmed%3D1%3C%2Fscript%3E%22%20onfocus%3Dalert(1)%20autofocus%20x%3D%22",
    ],
)
def test_nothing_runs_on_other_pages_over_hostile_profiles(watched: Watched, path: str) -> None:
    watched.visit(path)


def test_watcher_sees_what_a_page_without_our_rules_does(watched: Watched) -> None:
    page = watched.page
    page.goto("about:blank")
    page.set_content("<h1>x</h1><img src=x: onerror='window.harmed=1;alert(1)'>")
    page.wait_for_function("window.harmed === 1")
    assert "dialog 1" in watched.complaints
    watched.complaints.clear()
