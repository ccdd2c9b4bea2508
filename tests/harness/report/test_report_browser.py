"""The HTML report in a browser: tables, curves and filters work, by keyboard too; nothing is fetched.

The browser is spoken to through the DevTools protocol over two pipes, which needs the standard library only.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time

import pytest

from brownout.report import write_html
from brownout_registry import ConditionFacts

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--window-size=1400,2400")
LAUNCH = """
import fcntl, os, sys
there, back = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(there, 3), os.dup2(back, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
ROWS = [(0.9, 0.8), (0.5, 0.6), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4), (0.1, 0.2)]
CONDITIONS = (
    ConditionFacts("clean", "clean", "clean"),
    ConditionFacts("only image", "only image", "missing"),
    ConditionFacts("missing 0.3", "missing", "missing", 1, 0.3, "share of samples"),
    ConditionFacts("missing 0.5", "missing", "missing", 2, 0.5, "share of samples"),
    ConditionFacts("blur(image) s1", "blur(image)", "corruption", 1, 2.0, "sigma, pixels"),
    ConditionFacts("blur(image) s2", "blur(image)", "corruption", 2, 4.0, "sigma, pixels"),
    ConditionFacts("pgd(image) s1", "pgd(image)", "attack", 1, 0.1, "epsilon (L-inf)", "white-box"),
)


class Browser:
    """A headless Chromium with one tab, and everything it reported."""

    def __init__(self, profile):
        there, self._write = os.pipe()
        self._read, back = os.pipe()
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCH, str(there), str(back), *command],
            pass_fds=(there, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for each in (there, back):
            os.close(each)
        self._count, self._rest, self.events, self._session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Send a command and wait for its answer; what is reported meanwhile is kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def evaluate(self, expression):
        """What a JavaScript expression gives."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, url):
        """Load a page and wait until all its curves that can be seen are drawn."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait(
            "document.readyState === 'complete' && document.querySelector('#shown') && [...document.querySelectorAll"
            "('.plot')].filter((plot) => plot.offsetParent).every((plot) => plot.querySelector('.main-svg'))"
        )

    def wait(self, expression):
        """Until a JavaScript expression is true."""
        end = time.monotonic() + 20
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)

    def press(self, key, code):
        """Press and release a key."""
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def close(self):
        """End the process that was started here."""
        for each in (self._write, self._read):
            os.close(each)
        self.process.terminate()
        self.process.wait(20)

    def _next(self):
        while b"\0" not in self._rest:
            assert select.select([self._read], [], [], 30)[0], "the browser says nothing"
            read = os.read(self._read, 1 << 16)
            assert read, "the browser has gone"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture
def page(make_run, browser):
    """``page("#method=qmf")``: the report of a small run, opened."""

    def opened(fragment=""):
        run = make_run({"mean": ROWS, "qmf": ROWS, "jacobian": ROWS}, CONDITIONS, baseline="mean")
        path = run.folder / "report.html"
        write_html(run, path)
        browser.open(path.as_uri() + fragment)
        return browser

    return opened


def seen(selector):
    """JavaScript for the elements of a selector that can be seen."""
    return f"[...document.querySelectorAll({json.dumps(selector)})].filter((each) => each.offsetParent)"


TABLE = ".scroll:not([hidden]) .heat tbody tr:not([hidden])"
ROWS_SHOWN = f"{seen(TABLE)}.map((row) => row.dataset.method)"
COLUMNS_SHOWN = f"[...document.querySelector('{TABLE}').children].filter((each) => each.offsetParent).length - 1"
CURVES_SHOWN = f"{seen('.plots figure')}.map((each) => each.querySelector('h4').textContent)"
LINES_SHOWN = (
    "document.querySelector('.plot').data.filter((trace) => trace.name && trace.visible).map((trace) => trace.name)"
)
SAID = "document.getElementById('shown').textContent"


def complaints(browser):
    """Errors and warnings of the console, exceptions, and whatever was asked of a network."""
    for event in browser.events:
        parameters = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            yield parameters["exceptionDetails"]
        if event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            yield parameters["args"]
        if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            yield parameters["entry"]
        if event["method"] == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith(("data:", "blob:", "about:")) and not url.partition("#")[0].endswith("report.html"):
                yield url


def test_tables_and_curves_are_there_without_complaint_or_request(page):
    browser = page()
    assert browser.evaluate(ROWS_SHOWN) == ["mean", "qmf", "jacobian"]
    assert browser.evaluate(CURVES_SHOWN) == ["missing", "blur(image)", "pgd(image)"]
    assert browser.evaluate(LINES_SHOWN) == ["mean", "qmf", "jacobian"]
    assert browser.evaluate("document.querySelectorAll('.main-svg').length") >= 3
    assert browser.evaluate(SAID) == ""
    assert [event for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    assert list(complaints(browser)) == []


def test_a_complaint_and_a_request_would_be_seen(page):
    browser = page()
    browser.evaluate(
        "console.error('no'); setTimeout(() => missing(), 0); fetch('https://example.org/').catch(() => 0)"
    )
    browser.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert len(list(complaints(browser))) >= 3


EVERY = ["mean", "qmf", "jacobian"]
ADDRESSES = [
    ("#method=qmf", ["qmf"], 5, 3, "1 of 3 methods"),
    ("#method=QMF,jac", ["qmf", "jacobian"], 5, 3, "2 of 3 methods"),
    ("#without=qmf", ["mean", "jacobian"], 5, 3, "2 of 3 methods"),
    ("#kind=attack", EVERY, 1, 1, "1 of 5 kinds of conditions"),
    ("#kind=clean,corruption&view=full", EVERY, 3, 1, "2 of 5 kinds of conditions"),
    ("#method=mean&kind=clean", ["mean"], 1, 0, "1 of 3 methods, 1 of 5 kinds of conditions"),
    ("#kind=%3Cimg%20src=x%20onerror=alert(1)%3E", EVERY, 0, 0, "0 of 5 kinds of conditions"),
    ("#metric=nothing", EVERY, 5, 3, ""),
]


def test_an_address_sets_the_filters(page):
    browser = page(ADDRESSES[0][0])
    for fragment, rows, columns, curves, said in ADDRESSES:
        browser.evaluate(f"location.hash = {json.dumps(fragment)}; new Promise((done) => setTimeout(done, 100))")
        assert browser.evaluate(ROWS_SHOWN) == rows, fragment
        assert browser.evaluate(COLUMNS_SHOWN) == columns, fragment
        assert len(browser.evaluate(CURVES_SHOWN)) == curves, fragment
        assert browser.evaluate(SAID) == said
        if curves:
            assert browser.evaluate(LINES_SHOWN) == rows, fragment
    assert list(complaints(browser)) == []


def test_an_address_of_a_section_sets_none(page):
    browser = page("#failures")
    assert (browser.evaluate(ROWS_SHOWN), browser.evaluate(SAID)) == (EVERY, "")


def test_filters_work_from_the_keyboard_and_can_be_taken_back(page):
    browser = page()
    browser.evaluate("document.getElementById('method').focus()")
    browser.call("Input.insertText", text="qmf")
    assert browser.evaluate(ROWS_SHOWN) == ["qmf"]
    browser.press("Tab", 9)
    assert browser.evaluate("document.activeElement.dataset.chip") == "clean"
    browser.press(" ", 32)
    assert browser.evaluate("document.activeElement.getAttribute('aria-pressed')") == "false"
    assert browser.evaluate(COLUMNS_SHOWN) == 4
    assert browser.evaluate("location.hash.includes('method=qmf') && location.hash.includes('kind=missing')")
    browser.evaluate("document.getElementById('reset').focus()")
    browser.press("Enter", 13)
    browser.wait("location.hash === ''")
    assert (browser.evaluate(ROWS_SHOWN), browser.evaluate(COLUMNS_SHOWN)) == (["mean", "qmf", "jacobian"], 5)
    assert list(complaints(browser)) == []


def test_the_legend_hides_a_method_and_every_control_has_a_name(page):
    browser = page()
    browser.evaluate("document.querySelector('.legend button').click()")
    assert browser.evaluate(LINES_SHOWN) == ["qmf", "jacobian"]
    assert browser.evaluate(ROWS_SHOWN) == ["qmf", "jacobian"]
    assert browser.evaluate("document.querySelector('.legend button').getAttribute('aria-pressed')") == "false"
    named = "each.labels?.length || each.textContent.trim()"
    unnamed = f"{seen('select, input, button')}.filter((each) => !({named})).length"
    assert browser.evaluate(unnamed) == 0
