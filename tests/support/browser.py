"""Debian's Chromium and its driver: nothing is downloaded."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A fresh profile that talks to nobody but the emulator.
_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The colours that each piece of text has in the end, as the browser has computed them.
_TEXTS = """
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (colour !== 'rgba(0, 0, 0, 0)') return colour;
  }
  return 'none';
};
while (walker.nextNode()) {
  const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
  if (text) found.push([text, getComputedStyle(element).color, behind(element)]);
}
return found;
"""


class Browser:
    """A page in Chromium, as those see it who look, listen or have a keyboard alone."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str, *, width: int = 1200, scheme: str = "light", zoom: int = 1) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width // zoom, "height": 900 // zoom, "deviceScaleFactor": zoom, "mobile": False},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get(url)

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def press(self, key: str) -> None:
        self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> dict[str, Any]:
        """Return what has the focus: its name, where it is, and how it shows that."""
        return self.run(
            "const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);"
            "return {name: e.getAttribute('aria-label') || e.textContent.trim(), tag: e.localName, top: box.top,"
            " id: e.id, outline: style.outlineStyle, width: parseFloat(style.outlineWidth)};"
        )

    def tree(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return role, name and properties of everything that a screen reader is told, in order."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [
            (
                node["role"]["value"],
                node.get("name", {}).get("value", ""),
                {each["name"]: each["value"].get("value") for each in node.get("properties", ())},
            )
            for node in nodes
            if not node["ignored"]
        ]

    def texts(self) -> list[tuple[str, str, str]]:
        return [tuple(found) for found in self.run(_TEXTS)]

    def complaints(self) -> list[str]:
        """Return what the browser has complained of since the last time, such as what a policy kept away."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Start Chromium; skip the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is in the extra `test`")
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415 - see above

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no Chromium with its driver: install Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*_SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=Service(driver))
    try:
        running.execute_cdp_cmd("Accessibility.enable", {})
        yield Browser(running)
    finally:
        running.quit()


def contrast(text: str, behind: str) -> float:
    """Return the contrast ratio of two colours, each as `rgb(r, g, b)`.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    darker, lighter = sorted(map(_luminance, (text, behind)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    assert colour.startswith("rgb("), colour
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
