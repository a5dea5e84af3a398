"""Uses the page as a person would, in a browser without a window, and prints what it shows.

Usage: python visit.py URL
"""

import os
import shutil
import sys

from playwright.sync_api import Page, expect, sync_playwright


def use(page: Page) -> None:
    """Board until it is full, and launch."""
    expect(page.locator("#passengers")).to_have_text("nobody")
    for name, answer in (("Ann", "1 seats left"), ("Bob", "0 seats left"), ("Cid", "Sorry")):
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Board").click()
        expect(page.locator("#said")).to_contain_text(answer)
        print(f"said: {page.locator('#said').inner_text()}")
    expect(page.locator("#passengers")).to_have_text("Ann, Bob")
    print(f"on board: {page.locator('#passengers').inner_text()}")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("#countdown")).to_contain_text("lift-off")
    print(f"countdown: {page.locator('#countdown').inner_text()}")


def main(url: str) -> None:
    """Start the browser, and use the page."""
    # Chromium's sandbox cannot work for root; this opens nothing but the page of the example.
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        use(page)
        browser.close()
    print(f"errors in the page: {errors or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1])
