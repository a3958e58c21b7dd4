import re

import pytest

from dashboard import security

HTML = {"Accept": "text/html"}
TOKEN = "geheim-ü-1234567890"  # not ASCII, because comparing such text naively raises


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def guarded(make_client):
    return make_client(token=TOKEN, host="0.0.0.0", allowed_hosts=("lab.example",))


def bearer(token):
    return {"Authorization": f"Bearer {token}".encode().decode("latin-1")}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", ""])
def test_a_name_that_is_not_ours_is_misdirected(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost", "[::1]:8050"])
def test_every_name_of_loopback_is_ours(client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200


def test_a_name_from_the_settings_is_ours(guarded):
    assert guarded.get("/health", headers={"Host": "lab.example:8050"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize("address", ["/_dash-update-component", "/uploads", "/login"])
def test_a_page_of_another_site_may_not_write(client, address, headers):
    assert client.post(address, headers=headers, json={}).status_code == 403


def test_our_own_page_and_programs_may_write(client):
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

    assert client.post("/_dash-update-component", headers=own, json={}).status_code == 400  # let in, not understood
    assert client.post("/_dash-update-component", json={}).status_code == 400


def test_without_a_token_a_page_leads_to_the_login_and_back(guarded):
    answer = guarded.get("/diagnose?recording=abc", headers=HTML)

    assert answer.status_code == 303
    assert answer.location == "/login?next=%2Fdiagnose%3Frecording%3Dabc"


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/_dash-layout"),
        ("GET", "/_dash-dependencies"),
        ("POST", "/_dash-update-component"),
        ("POST", "/uploads"),
        ("GET", "/blobs/" + "0" * 64),
        ("GET", "/unknown"),
    ],
)
def test_without_a_token_nothing_else_is_answered(guarded, method, address):
    answer = guarded.open(address, method=method)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("address", ["/health", "/login", "/assets/tokens.css"])
def test_what_leads_in_needs_no_token(guarded, address):
    assert guarded.get(address).status_code == 200


def test_the_bearer_token_lets_a_program_in(guarded):
    assert guarded.get("/_dash-layout", headers=bearer(TOKEN)).status_code == 200
    assert guarded.get("/_dash-layout", headers=bearer(TOKEN + "x")).status_code == 401
    assert guarded.get("/_dash-layout", headers={"Authorization": "Basic abc"}).status_code == 401


def test_guessing_bearer_tokens_is_stopped(guarded):
    for _ in range(5):
        guarded.get("/_dash-layout", headers=bearer("wrong"))

    assert guarded.get("/_dash-layout", headers=bearer(TOKEN)).status_code == 401


def test_the_token_is_exchanged_for_a_cookie_that_does_not_hold_it(guarded):
    answer = guarded.post("/login", data={"token": TOKEN, "next": "/diagnose"})
    cookie = answer.headers["Set-Cookie"]

    assert (answer.status_code, answer.location) == (303, "/diagnose")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "geheim" not in cookie
    assert guarded.get("/_dash-layout").status_code == 200


def test_an_invented_session_is_none(guarded):
    guarded.set_cookie("vibench-session", "invented")

    assert guarded.get("/_dash-layout").status_code == 401


def test_five_wrong_tokens_a_minute_are_enough(guarded):
    statuses = [guarded.post("/login", data={"token": "wrong"}).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]
    assert guarded.post("/login", data={"token": TOKEN}).status_code == 429


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\nb"])
def test_the_login_leads_to_no_other_site(guarded, wanted):
    assert guarded.post("/login", data={"token": TOKEN, "next": wanted}).location == "/"


def test_the_login_page_writes_names_as_text(guarded):
    page = guarded.get('/login?next=/"><script>alert(1)</script>').text

    assert "<script>alert" not in page


@pytest.mark.parametrize("address", ["/", "/nope", "/health", "/assets/tokens.css", "/uploads/nope/outcome"])
def test_every_answer_says_what_a_browser_may_do_with_it(client, address):
    headers = client.get(address).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    policy = headers["Content-Security-Policy"]
    assert re.search(r"script-src 'self'( 'sha256-[\w+/=]+')+;", policy)
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("address", ["/nope", "/.env", "/_mcp", "/assets/../dashboard/app.py", "/recordings/x"])
def test_an_unknown_address_is_not_found(client, address):
    assert client.get(address, headers=HTML).status_code == 404


@pytest.mark.parametrize("address", ["/api/v1/nope", "/blobs/nope", "/uploads/nope/outcome"])
def test_a_program_hears_in_json_that_there_is_nothing(client, address):
    answer = client.get(address)

    assert answer.status_code == 404
    assert answer.json["schema"] == "vibench.error/1"
    assert answer.json["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"output": "nope.children", "inputs": []}',
        b'{"output": "page.children", "inputs": 3}',
        b'{"output": "..page.children...navigation.children..", "outputs": [], "inputs": [{}]}',
        b'{"output": "page-title.modified_timestamp", "outputs": [], "inputs": [{}]}',
    ],
)
def test_a_callback_request_that_makes_no_sense_is_a_bad_request(client, body):
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json["error"]["message"]


def test_a_body_beyond_the_limit_is_refused(client):
    body = b'"' + b"x" * security.BODY_LIMIT_BYTES + b'"'
    answer = client.post("/_dash-update-component", data=body, content_type="application/json")

    assert answer.status_code == 413


def test_a_method_that_is_not_allowed_names_those_that_are(client):
    answer = client.put("/uploads", headers={"Tus-Resumable": "1.0.0"})

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_no_secret_is_the_same_after_a_restart(make_client):
    assert make_client().application.secret_key != make_client().application.secret_key


def test_files_that_carry_their_version_are_kept_for_a_year(client):
    page = client.get("/").text
    stamped = re.search(r'"(/assets/frame\.css\?m=[\d.]+)"', page)[1]

    for address in (stamped, "/assets/vendor/inter-latin-5.3.0.woff2"):
        assert "max-age=31536000" in client.get(address).headers["Cache-Control"]
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert client.get("/assets/vendor/nope.js").headers["Cache-Control"] == "no-store"


def test_scripts_come_compressed_and_are_the_same_afterwards(client):
    import gzip

    address = "/assets/vendor/tus-4.3.1.min.js"
    plain = client.get(address)
    for _ in range(2):  # made, then remembered
        compressed = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert compressed.headers["Vary"] == "Accept-Encoding"
        assert len(compressed.data) < 0.4 * len(plain.data)
        assert gzip.decompress(compressed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in client.get("/_dash-layout", headers={"Accept-Encoding": "gzip"}).headers
