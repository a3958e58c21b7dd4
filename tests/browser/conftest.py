"""A browser that notices what a user would not: console messages, policy violations, requests to other hosts."""

import time
from pathlib import Path

import pytest

AXE = Path(__file__).with_name("vendor") / "axe-4.14.1.min.js"
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Watch:
    """What went wrong on a page, and what was asked of which host."""

    def __init__(self, page):
        self.page, self.problems, self.hosts = page, [], set()
        page.add_init_script(VIOLATIONS)
        page.on("console", lambda message: message.type in ("error", "warning") and self.note(message.text))
        page.on("pageerror", lambda error: self.note(str(error)))
        page.on("response", lambda answer: answer.status >= 400 and self.note(f"{answer.status} {answer.url}"))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))

    def note(self, problem):
        self.problems.append(problem)

    def expect(self, *parts):
        """Take note of problems that a test provokes, so that they are none."""
        self.problems = [problem for problem in self.problems if not any(part in problem for part in parts)]

    def check(self):
        violations = self.page.evaluate("window.violations || []")
        foreign = {host for host in self.hosts if host and not host.startswith("127.0.0.1:")}
        assert (self.problems, violations, foreign) == ([], [], set())


@pytest.fixture(autouse=True)
def watch(page):
    """Fail a test on whose page something went wrong, whatever else it looks at."""
    watching = Watch(page)
    yield watching
    watching.check()


@pytest.fixture
def accessible(page):
    """Assert that axe finds nothing wrong with the page as it is."""

    def check():
        devtools = page.context.new_cdp_session(page)
        devtools.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
        assert told == []

    return check


@pytest.fixture
def fits(page):
    """Assert that nothing is wider than the window."""

    def check():
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]

    return check


@pytest.fixture
def until(page):
    """Wait until an expression holds in the page; Playwright's own waiting is refused by the page's policy."""

    def wait(expression, seconds=15):
        deadline = time.monotonic() + seconds
        while not page.evaluate(expression):
            assert time.monotonic() < deadline, f"it never held: {expression}"
            page.wait_for_timeout(50)

    return wait
