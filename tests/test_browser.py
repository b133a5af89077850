"""Journeys in a real Chromium, with scripts and without, by keyboard alone, on small screens."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask

pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

pytestmark = pytest.mark.browser

STATES = {
    "home": "/",
    "results": "/search?q=paid",
    "filtered": "/search?q=paid&in=compensation&hiring=workers",
    "zero": "/search?q=zyzzyqwx&hiring=closed",
    "repaired": "/search?q=qualificaton",
    "relaxed": "/search?q=kenya+violent+payoneer",
    "answer": "/search?q=appen+headquarters",
    "profile": "/profiles/humans-in-the-loop?q=paid",
    "compare": "/compare?section=compensation&company=appen&company=sama&company=surge-ai",
    "choose": "/compare",
    "coverage": "/coverage",
    "help": "/help",
    "api": "/api",
    "bad request": "/search?page=0",
    "not found": "/nowhere",
}

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
"""Chromium reaches nothing but this machine."""
UNCOVERED = """part => {
  const [box] = part.getClientRects();
  return part.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
}"""
"""Whether what stands at the middle of an element's first line is the element, and nothing over it."""

BROKEN_WORDS = """() => {
  const broken = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.parentElement.offsetParent || text.parentElement.closest(".hidden, pre")) continue;
    for (const word of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""
"""Words and numbers that stand on more than one line."""


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    """The address of a running server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Browser]:
    """A running Chromium that reaches nothing but this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def tab(chrome: Browser, site: str, expected: str = "status of 4", **options: object) -> Iterator[Page]:
    """A fresh page; whatever the browser complains of fails the test, but for what is `expected`."""
    options.setdefault("reduced_motion", "reduce")
    context = chrome.new_context(base_url=site, **options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    try:
        yield page
    finally:
        context.close()
    assert [text for text in complaints if expected not in text] == []


@pytest.fixture
def page(chrome: Browser, site: str) -> Iterator[Page]:
    """A desktop page with scripts."""
    with tab(chrome, site) as opened:
        yield opened


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [360, 1280])
def test_from_the_start_page_to_the_right_paragraph(chrome: Browser, site: str, scripts: bool, width: int) -> None:
    with tab(chrome, site, java_script_enabled=scripts, viewport={"width": width, "height": 800}) as page:
        page.goto("/")
        page.get_by_label("What do you want to know?").fill("paid above minimum wage refugees")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("1 company for")
        page.locator(".hit").first.get_by_role("link", name="Compensation", exact=True).click()
        expect(page).to_have_url(f"{site}/profiles/humans-in-the-loop?q=paid+above+minimum+wage+refugees#compensation")
        for part in ("h2", "mark"):
            expect(page.locator(f"#compensation {part}").first).to_be_in_viewport()
            assert page.locator(f"#compensation {part}").first.evaluate(UNCOVERED), f"something covers the {part}"


def test_filter_sort_and_compare_without_scripts(chrome: Browser, site: str) -> None:
    with tab(chrome, site, java_script_enabled=False) as page:
        page.goto("/search?q=paid")
        page.get_by_label("Hires workers 2").check()
        page.get_by_role("button", name="Apply filters").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("2 companies for “paid”")
        page.get_by_role("link", name="Name", exact=True).click()
        expect(page.locator(".hit h2").first).to_have_text("Appen")
        page.get_by_label("Compare Appen").check()
        page.get_by_label("Compare Centaur Labs").check()
        page.get_by_role("button", name="Compare the ticked companies").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Compare Appen and Centaur Labs")
        page.go_back()
        page.get_by_role("link", name="Remove the filter Hires workers").click()
        expect(page.get_by_label("Hires workers 2")).not_to_be_checked()


def test_filters_open_on_a_phone_without_scripts(chrome: Browser, site: str) -> None:
    with tab(chrome, site, java_script_enabled=False, viewport={"width": 360, "height": 800}) as page:
        page.goto("/search?q=paid")
        box = page.get_by_label("Closed 1")
        expect(box).to_be_hidden()
        page.get_by_text("Filter results").click()
        box.check()
        page.get_by_role("button", name="Apply filters").click()
        expect(page.locator(".hit h2")).to_have_text(["Sama"])


def test_marks_are_switched_off_by_a_link_without_scripts(chrome: Browser, site: str) -> None:
    with tab(chrome, site, java_script_enabled=False) as page:
        page.goto("/profiles/humans-in-the-loop?q=paid")
        assert page.locator("mark").count() > 0
        page.get_by_role("link", name="Turn marks off").click()
        expect(page.locator("mark")).to_have_count(0)


def test_keyboard_alone_finds_takes_a_suggestion_and_opens_a_result(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="What do you want to know?")
    expect(box).to_be_focused()
    page.keyboard.type("refug")
    option = page.get_by_role("option").first
    expect(option).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    expect(box).to_have_value("refugees")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 company for “refugees”")
    heading = page.locator(".hit h2 a")
    for _ in range(60):
        if heading.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Humans in the Loop")


def test_escape_closes_suggestions_and_gives_the_typed_text_back(page: Page) -> None:
    page.goto("/")
    page.locator("#search-box").press_sequentially("comp")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#search-box")).to_have_value("comp")


def test_suggested_company_leads_to_its_profile(page: Page) -> None:
    page.goto("/")
    page.locator("#search-box").press_sequentially("centaur")
    page.get_by_role("option", name="Centaur Labs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Centaur Labs")


def test_skip_link_moves_the_focus_to_the_content(page: Page) -> None:
    page.goto("/search?q=paid")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#page-main")).to_be_focused()


def test_results_follow_the_typing_and_history_goes_back_and_forth(page: Page, site: str) -> None:
    page.goto("/search?q=paid")
    heading = page.get_by_role("heading", level=1)
    status = page.locator(".results-page > [role=status]")
    expect(status).to_have_text("")
    page.locator("#search-box").fill("refugees")
    expect(heading).to_have_text("1 company for “refugees”")
    expect(page).to_have_url(f"{site}/search?q=refugees")
    expect(page.locator("head > link[rel=alternate]")).to_have_attribute("href", "/feed.atom?q=refugees")
    expect(page.locator("#search-box")).to_be_focused()
    expect(status).to_have_text("1 company for “refugees”")
    page.go_back()
    expect(page.locator("#search-box")).to_have_value("paid")
    expect(heading).to_contain_text("“paid”")
    page.go_forward()
    expect(page.locator("#search-box")).to_have_value("refugees")
    expect(heading).to_have_text("1 company for “refugees”")


def open_results(page: Page, address: str) -> None:
    """Open a page of results, and wait for the script that changes them in place."""
    page.goto(address)
    expect(page.locator(".results-page > [role=status]")).to_be_attached()


def test_ticking_a_filter_changes_results_in_place_and_keeps_the_focus(page: Page, site: str) -> None:
    open_results(page, "/search?q=paid")
    page.get_by_label("Hires workers 2").check()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 companies for “paid”")
    expect(page).to_have_url(f"{site}/search?q=paid&hiring=workers")
    expect(page.get_by_label("Hires workers 2")).to_be_focused()
    expect(page.get_by_label("Hires workers 2")).to_be_checked()


def test_an_older_answer_never_replaces_a_newer_one(page: Page) -> None:
    held: list[Route] = []
    open_results(page, "/search?q=paid")
    page.route("**/search?q=payoneer", lambda route: held.append(route))
    page.locator("#search-box").fill("payoneer")
    expect(page.locator(".results-page")).to_have_attribute("aria-busy", "true")
    page.locator("#search-box").fill("refugees")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("1 company for “refugees”")
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(heading).to_have_text("1 company for “refugees”")


def test_going_back_to_the_text_that_is_shown_gives_the_awaited_answer_up(page: Page, site: str) -> None:
    held: list[Route] = []
    open_results(page, "/search?q=pay")
    box, heading = page.locator("#search-box"), page.get_by_role("heading", level=1)
    shown = heading.text_content()
    page.route("**/search?q=payoneer", lambda route: held.append(route))
    box.fill("payoneer")
    expect(page.locator(".results-page")).to_have_attribute("aria-busy", "true")
    box.fill("pay")
    expect(page.locator(".results-page")).not_to_have_attribute("aria-busy", "true")
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(heading).to_have_text(shown or "")
    expect(page).to_have_url(f"{site}/search?q=pay")


def test_first_search_stays_in_the_history_when_the_first_answer_to_typing_was_given_up(page: Page, site: str) -> None:
    page.goto("/help")
    open_results(page, "/search?q=pay")
    page.route("**/search?q=payon", lambda route: None)
    page.locator("#search-box").fill("payon")
    expect(page.locator(".results-page")).to_have_attribute("aria-busy", "true")
    page.locator("#search-box").fill("payoneer")
    expect(page).to_have_url(f"{site}/search?q=payoneer")
    page.locator("#search-box").fill("refugees")
    expect(page).to_have_url(f"{site}/search?q=refugees")
    page.go_back()
    expect(page).to_have_url(f"{site}/search?q=pay")
    expect(page.locator("#search-box")).to_have_value("pay")


def test_search_button_leaves_a_later_page_and_an_exact_search(page: Page, site: str) -> None:
    for address in ("/search?q=qualificaton&exact=1", "/search?q=qualificaton&explain=1"):
        open_results(page, address)
        page.get_by_role("button", name="Search").click()
        expect(page).to_have_url(f"{site}/search?q=qualificaton")
        expect(page.locator(".hit h2")).to_have_text(["Appen"])


def test_arrow_keys_choose_a_suggestion_without_searching_for_it(page: Page, site: str) -> None:
    open_results(page, "/search?q=paid")
    box = page.locator("#search-box")
    box.fill("refug")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("ArrowDown")
    expect(box).not_to_have_value("refug")
    expect(page).to_have_url(f"{site}/search?q=refug")
    box.press("Escape")
    expect(box).to_have_value("refug")
    expect(page).to_have_url(f"{site}/search?q=refug")


def test_escape_right_after_a_key_loses_no_letter(page: Page) -> None:
    page.goto("/")
    box = page.locator("#search-box")
    box.press_sequentially("ref")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press_sequentially("ugees")
    box.press("Escape")
    expect(box).to_have_value("refugees")


def test_page_gone_back_to_is_asked_for_again_when_its_answer_was_given_up(page: Page, site: str) -> None:
    open_results(page, "/search?q=paid")
    box = page.locator("#search-box")
    box.fill("refugees")
    expect(page).to_have_url(f"{site}/search?q=refugees")
    page.route("**/search?q=paid", lambda route: None)
    page.go_back()
    expect(box).to_have_value("paid")
    box.press("End")
    box.press("x")
    page.unroute("**/search?q=paid")
    box.press("Backspace")
    expect(page.get_by_role("heading", level=1)).to_contain_text("“paid”")


@pytest.mark.parametrize("text", ["pay", "zyzzyqwx"])
def test_page_gone_back_to_brings_its_filters_and_order_before_it_arrives(page: Page, site: str, text: str) -> None:
    """Whether the page that is left offers them or, where it has found nothing, no filter at all."""
    open_results(page, "/search?q=paid&hiring=workers&sort=name")
    box = page.locator("#search-box")
    page.get_by_label("Hires workers 2").uncheck()
    expect(page).to_have_url(f"{site}/search?q=paid&sort=name")
    box.fill(text)
    expect(page).to_have_url(f"{site}/search?q={text}&sort=name")
    page.route("**/search?q=paid&hiring=workers&sort=name", lambda route: None)
    page.evaluate("history.go(-2)")
    expect(box).to_have_value("paid")
    box.fill("refugees")
    expect(page).to_have_url(re.compile("q=refugees"))
    asked = sorted(page.url.partition("?")[2].split("&"))
    assert asked == ["hiring=workers", "q=refugees", "sort=name"]


def test_ticks_to_compare_outlive_a_filter(page: Page) -> None:
    open_results(page, "/search?q=paid")
    page.get_by_label("Compare Appen").check()
    page.get_by_label("Hires workers 2").check()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 companies for “paid”")
    expect(page.get_by_label("Compare Appen")).to_be_checked()


def test_skip_link_reads_nothing_again(page: Page) -> None:
    open_results(page, "/search?q=paid")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search?" in request.url else None)
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.locator("#page-main")).to_be_focused()
    page.get_by_label("Hires workers 2").check()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 companies for “paid”")
    assert len(asked) == 1


@pytest.mark.parametrize("status", [0, 429, 503])
def test_results_stay_and_say_so_when_the_new_ones_do_not_arrive(chrome: Browser, site: str, status: int) -> None:
    with tab(chrome, site, expected="Failed to load resource") as page:
        open_results(page, "/search?q=paid")
        page.route("**/search?q=refugees", lambda route: route.fulfill(status=status) if status else route.abort())
        page.locator("#search-box").fill("refugees")
        expect(page.get_by_role("alert")).to_contain_text("did not arrive")
        expect(page.get_by_role("heading", level=1)).to_contain_text("“paid”")
        page.unroute("**/search?q=refugees")
        page.get_by_role("link", name="Try again").click()
        expect(page).to_have_url(f"{site}/search?q=refugees")


def test_marks_are_stepped_through_from_the_section_that_was_asked_for(page: Page) -> None:
    page.goto("/profiles/humans-in-the-loop?q=refugees#compensation")
    expect(page.get_by_role("button", name="Next marked word")).to_be_visible()
    page.keyboard.press("n")
    assert page.locator("mark.current").evaluate("mark => mark.closest('section').id") == "compensation"


def test_single_keys_are_turned_off_and_on_and_left_to_those_who_type(page: Page) -> None:
    open_results(page, "/search?q=paid")
    box = page.locator("#search-box")
    page.get_by_label("Hires workers 2").focus()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a/b")
    expect(box).to_have_value("a/b")
    page.goto("/help")
    page.get_by_role("button", name="Turn the keys / n p off").click()
    open_results(page, "/search?q=paid")
    page.keyboard.press("/")
    expect(box).not_to_be_focused()
    page.goto("/help")
    page.get_by_role("button", name="Turn the keys / n p on").click()
    open_results(page, "/search?q=paid")
    page.keyboard.press("/")
    expect(box).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (1280, 600)])
def test_no_focused_filter_is_covered(chrome: Browser, site: str, width: int, height: int) -> None:
    with tab(chrome, site, viewport={"width": width, "height": height}) as page:
        open_results(page, "/search?q=paid")
        page.locator(".filters").evaluate("filters => { filters.open = true; }")
        page.locator(".filters input").first.focus()
        seen = 0
        while page.evaluate("document.activeElement.matches('.filters :is(input, summary)')"):
            assert page.evaluate(f"({UNCOVERED})(document.activeElement)"), "something covers the focus"
            seen += 1
            page.keyboard.press("Tab")
        assert seen > 10


def test_older_suggestions_never_replace_newer_ones(page: Page) -> None:
    held: list[Route] = []
    page.goto("/")
    page.route("**/suggest?q=comp", lambda route: held.append(route))
    with page.expect_request("**/suggest?q=comp"):
        page.locator("#search-box").fill("comp")
    page.locator("#search-box").fill("refug")
    expect(page.get_by_role("option").first).to_contain_text("refug")
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("option").first).to_contain_text("refug")


def test_marks_are_counted_stepped_through_and_switched_off(page: Page) -> None:
    page.goto("/profiles/humans-in-the-loop?q=paid")
    page.get_by_role("button", name="Next marked word").click()
    expect(page.locator("mark.current")).to_have_count(1)
    expect(page.locator("#page-marks")).to_contain_text("1 of")
    first = page.locator("mark.current").evaluate("mark => [...document.querySelectorAll('mark')].indexOf(mark)")
    page.keyboard.press("n")
    second = page.locator("mark.current").evaluate("mark => [...document.querySelectorAll('mark')].indexOf(mark)")
    assert (first, second) == (0, 1)
    page.get_by_role("button", name="Turn marks off").click()
    expect(page.get_by_role("button", name="Next marked word")).to_be_hidden()
    assert page.locator("mark").first.evaluate("mark => getComputedStyle(mark).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_word_that_a_tag_parts_is_counted_and_stepped_to_as_one(page: Page) -> None:
    page.goto("/profiles/centaur-labs?q=phone+OR+microphone")
    expect(page.locator(".matched")).to_contain_text("3 words match")
    where = page.locator("#page-marks [role=status]")
    for place, marks in enumerate((["phone"], ["micro", "phone"], ["phone"]), start=1):
        page.keyboard.press("n")
        expect(where).to_have_text(f"{place} of 3")
        expect(page.locator("mark.current")).to_have_text(marks)
    page.keyboard.press("p")
    expect(page.locator("mark.current")).to_have_text(["micro", "phone"])


def test_link_to_a_section_is_copied_without_the_search_that_led_there(chrome: Browser, site: str) -> None:
    with tab(chrome, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto("/profiles/humans-in-the-loop?q=paid")
        page.get_by_role("link", name="Copy the link to Compensation").press("Enter")
        expect(page.get_by_text("Link copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == f"{site}/profiles/humans-in-the-loop#compensation"


def test_profiles_text_executes_nothing(page: Page) -> None:
    page.goto("/profiles/surge-ai?q=scam")
    expect(page.locator("#job_types mark")).to_have_text("scam")
    assert page.locator("#job_types script").count() == 0


@pytest.mark.parametrize("width", [360, pytest.param(1280, marks=pytest.mark.slow)])
def test_no_state_breaks_an_accessibility_rule_in_light_or_dark(chrome: Browser, site: str, width: int) -> None:
    axe, colours = axe_api.Axe(), {"runOnly": {"type": "tag", "values": ["cat.color"]}}
    with tab(chrome, site, viewport={"width": width, "height": 900}) as page:
        for state, url in STATES.items():
            page.goto(url)
            for scheme, rules in (("light", None), ("dark", colours)):
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
                broken = axe.run(page, options=rules).response["violations"]
                assert [(state, scheme, rule["id"], rule["nodes"][0]["html"]) for rule in broken] == []


def test_open_suggestions_break_no_accessibility_rule(page: Page) -> None:
    page.goto("/")
    page.locator("#search-box").press_sequentially("comp")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert axe_api.Axe().run(page).response["violations"] == []


@pytest.mark.parametrize(("width", "scale"), [(320, 1), (640, 2), (1280, 1)])
def test_no_state_scrolls_sideways_or_breaks_a_word_or_a_number_in_two(
    chrome: Browser, site: str, width: int, scale: int
) -> None:
    """320 px, and 200 % zoom of a window of 640 px, which is the same to the layout; and a wide one."""
    view = {"width": width // scale, "height": 800}
    with tab(chrome, site, viewport=view, device_scale_factor=scale) as page:
        for state, url in STATES.items():
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
            page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
            assert (state, page.evaluate(BROKEN_WORDS)) == (state, [])


def test_chromium_offers_the_search_after_reading_its_description(
    chrome: Browser, chromium: str, site: str, tmp_path: Path
) -> None:
    """It reads descriptions only in a lasting profile, and keeps there what it found."""
    kept = f"file:{tmp_path / 'Default' / 'Web Data'}?mode=ro&immutable=1"
    names = "SELECT short_name, url, suggest_url FROM keywords WHERE url LIKE ?"
    found: list[tuple[str, str, str]] = []
    lasting = chrome.browser_type.launch_persistent_context(tmp_path, executable_path=chromium, args=ARGUMENTS)
    page = lasting.pages[0]
    page.goto(site)
    for _ in range(100):
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(kept, uri=True)) as database:
            found = database.execute(names, (f"{site}%",)).fetchall()
        if found:
            break
        page.wait_for_timeout(100)
    lasting.close()
    assert found == [("Profile Search", f"{site}/search?q={{searchTerms}}", f"{site}/suggest?q={{searchTerms}}")]
