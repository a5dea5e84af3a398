"""The web console in a real browser: Debian's Chromium, without a window."""

import os
import re
import shutil
import time
from collections.abc import Iterator

import httpx
import pytest
from http_gateways import PATIENCE_S, Objects, call, gateway, running_objects
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from pyro_server import Tokens

TOKEN = "the-token-of-ann-is-long"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (Debian's package chromium)")
    # As root its sandbox cannot work; it opens nothing but pages of ours.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with running_objects() as running:
        yield running


@pytest.fixture(scope="module")
def http(objects: Objects) -> Iterator[httpx.Client]:
    with gateway(objects.name_server, console=True, tracebacks=True) as client:
        yield client


class Watched:
    """A page, and what it does that it should not.

    Attributes:
        page: The page.
        said: Errors and warnings in the browser's console.
        elsewhere: Requests to anywhere but the gateway.
    """

    def __init__(self, browser: Browser, http: httpx.Client, **more: object) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1180, "height": 800}, **more).new_page()  # type: ignore[arg-type]
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.said: list[str] = []
        self.elsewhere: list[str] = []
        self._home = str(http.base_url)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._request)

    def check(self) -> None:
        """Nothing was said, and nobody else was asked."""
        assert self.said == []
        assert self.elsewhere == []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self._home):
            self.elsewhere.append(request.url)


@pytest.fixture
def watched(browser: Browser, http: httpx.Client) -> Iterator[Watched]:
    watched = Watched(browser, http)
    watched.page.goto(f"{http.base_url}/")
    expect(watched.page.locator("#status")).to_have_text("Live")
    yield watched
    watched.page.context.close()


def test_names_appear_count_down_and_expire_before_ones_eyes(watched: Watched, objects: Objects) -> None:
    page = watched.page
    expect(page.locator(".card")).to_have_count(4)
    objects.tell("register http.lamp 4")
    row = page.locator("#list li", has_text="http.lamp")
    expect(row).to_be_visible()
    expect(row).to_contain_text("leased")
    expect(page.locator("#news")).to_have_text("http.lamp added")
    expect(row).to_contain_text(re.compile(r"[34] s left"))
    expect(row).to_contain_text(re.compile(r"[12] s left"))
    expect(page.locator("#news")).to_have_text("http.lamp expired")
    expect(row).to_have_count(0)
    expect(page.locator("#list li", has_text="http.shop").locator(".health.up")).to_be_visible()
    expect(page.locator("#list li", has_text="http.gone").locator(".health.down")).to_be_visible()
    watched.check()


def test_everything_can_be_done_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("/")
    page.keyboard.type("shop")
    expect(page.locator("#search-count")).to_have_text("1 of 4 objects")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="http.shop")).to_be_focused()
    summary = page.locator("[data-method=add] summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    expect(page.locator("[data-method=add] .output")).to_contain_text("42")
    # For people who hear the page: landmarks, names of everything that can be used, and live regions.
    heard = page.locator("body").aria_snapshot()
    for part in (
        'navigation "Objects"',
        'searchbox "Search names and tags"',
        "main",
        'heading "http.shop" [level=1]',
        'region "Methods"',
        'textbox "a"',
        'region "Result of add"',
        'button "Call"',
        'link "Skip to the object"',
    ):
        assert part in heard, heard
    assert not re.search(r"- (button|textbox|combobox|link)(:| \[|$)", heard, re.MULTILINE), heard
    watched.check()


def test_methods_are_called_and_errors_are_shown_where_they_belong(watched: Watched) -> None:
    page = watched.page
    page.locator("#list").get_by_text("http.shop").click()
    expect(page.locator("header .doc")).to_contain_text("Sells things.")
    add = page.locator("[data-method=add]")
    add.locator("summary").click()
    add.get_by_label("a", exact=False).first.fill("many")
    add.get_by_role("button", name="Call").click()
    expect(add.locator(".field-error").first).to_have_text("Expected a number")
    add.get_by_label("a", exact=False).first.fill("2.5")
    add.get_by_role("button", name="Call").click()
    expect(add.locator(".field-error").first).to_have_text("Expected a whole number")
    take = page.locator("[data-method=take]")
    take.locator("summary").click()
    take.get_by_label("product", exact=False).fill("hammer")
    take.get_by_role("button", name="Call").click()
    expect(take.locator(".exception")).to_have_text("__main__.OutOfStock: only 0 of hammer left")
    expect(take.locator(".trace")).to_contain_text("raise OutOfStock")
    same = page.locator("[data-method=same]")
    same.locator("summary").click()
    same.get_by_label("value", exact=False).fill('{"$tuple": [1, {"$bytes": "aGVsbG8="}, "<b>bold</b>"]}')
    same.get_by_role("button", name="Call").click()
    expect(same.locator(".value")).to_contain_text("5 bytes")
    expect(same.locator(".value")).to_contain_text("<b>bold</b>")
    motto = page.locator("[data-attribute=motto]")
    expect(motto).to_contain_text('"quality"')
    motto.get_by_role("button", name="Change motto").click()
    page.keyboard.type("better")
    page.keyboard.press("Enter")
    expect(motto).to_contain_text('"better"')
    watched.check()


def test_streams_are_shown_as_they_come_and_end_there_when_stopped(
    watched: Watched, http: httpx.Client
) -> None:
    page = watched.page
    page.goto(f"{http.base_url}/console/#/http.shop")
    count = page.locator("[data-method=count]")
    count.locator("summary").click()
    count.get_by_label("until", exact=False).fill("100000")
    count.get_by_label("pause_s", exact=False).fill("0.05")
    count.get_by_role("button", name="Start").click()
    expect(count.locator(".badge")).to_have_text("streaming")
    expect(count.locator(".items li").nth(5)).to_have_text("5")
    count.get_by_role("button", name="Stop").click()
    expect(count.locator(".badge")).to_have_text("stopped")
    deadline = time.monotonic() + PATIENCE_S
    while call(http, "http.shop.opened"):
        assert time.monotonic() < deadline
    breaks = page.locator("[data-method=breaks]")
    breaks.locator("summary").click()
    breaks.get_by_role("button", name="Start").click()
    expect(breaks.locator(".exception")).to_have_text("ValueError: no more numbers")
    expect(breaks.locator(".items li")).to_have_count(1)
    watched.check()


def test_colours_and_widths_fit(watched: Watched) -> None:
    page = watched.page

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    page.emulate_media(color_scheme="dark")
    dark = background()
    assert light != dark
    page.get_by_role("button", name="Colours: as the system").click()
    assert background() == light
    page.get_by_role("button", name="Colours: light").click()
    page.emulate_media(color_scheme="light")
    assert background() == dark
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("#list").get_by_text("http.shop").click()
    expect(page.locator(".method")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.check()


def test_a_token_is_asked_for_until_it_is_right(browser: Browser, objects: Objects) -> None:
    with gateway(objects.name_server, console=True, authenticate=[Tokens({"ann": TOKEN})]) as client:
        watched = Watched(browser, client)
        page = watched.page
        page.goto(f"{client.base_url}/console/")
        dialog = page.get_by_role("dialog", name="A token is needed")
        expect(dialog).to_be_visible()
        for token in ("wrong", TOKEN):
            page.get_by_role("textbox", name="Token").fill(token)
            page.keyboard.press("Enter")
            if token != TOKEN:
                expect(dialog).to_contain_text("does not know that token")
        expect(page.locator("#status")).to_have_text("Live")
        expect(page.locator(".card")).to_have_count(4)
        assert watched.elsewhere == []
        page.context.close()
