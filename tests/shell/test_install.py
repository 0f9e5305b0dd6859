"""The hall as docs/running-a-hall.md sets it up: the units, and nginx with its configuration in front of a real hall.

The page itself is run, block after block, on a bare Debian that systemd booted: `make install-test` (tools/machine.py).
"""

import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sala.jobs import processes as kernel
from tests.hall import SALA, Hall, free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAME = "hall.example"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
once = pytest.mark.once
group = pytest.mark.xdist_group("install")


@once
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd (apt-get install systemd)")
def test_units_are_right_and_let_the_hall_do_little(tmp_path: Path) -> None:
    """Each unit passes systemd's own check; each service is exposed at most 2.0 of 10 by its reckoning."""
    assert len(UNITS) == 5
    for unit in UNITS:
        text = unit.read_text().replace("/opt/sala/current/.venv/bin/sala", str(SALA))
        (tmp_path / unit.name).write_text(text.replace("/opt/sala/current", str(ROOT)))
    copies = [tmp_path / unit.name for unit in UNITS]
    checked = subprocess.run(
        ["systemd-analyze", "verify", *copies], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "sala" in line]
    assert checked.returncode == 0 and not ours, checked.stderr
    for unit in copies:
        if unit.suffix == ".service":
            weighed = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert weighed.returncode == 0, weighed.stdout.splitlines()[-1:]


@once
def test_the_three_services_are_hardened_alike() -> None:
    """What one service may not do, the others may not either."""
    shut = {
        unit.name: [
            line
            for line in unit.read_text().splitlines()
            if re.match(
                r"(Protect|Restrict|Private|NoNew|System|Lock|Memory|Capab|Ambient|Remove|UMask)", line
            )
        ]
        for unit in UNITS
        if unit.suffix == ".service"
    }
    assert len(shut) == 3
    assert len({tuple(lines) for lines in shut.values()}) == 1
    assert len(shut["sala.service"]) > 20


@once
def test_every_setting_is_told_and_every_setting_told_is_read() -> None:
    """The page's table has the names that the code and the backup read, all of them and no others; the example's are among them."""
    sources = [*(ROOT / "src" / "sala").rglob("*.py"), DEPLOY / "sala-backup"]
    read = {
        name for file in sources for name in re.findall(r"\bSALA_[A-Z_]+\b", file.read_text(encoding="utf-8"))
    }
    page = (ROOT / "docs" / "running-a-hall.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `SALA_")]
    told = {name for row in rows for name in re.findall(r"`(SALA_[A-Z_]+)`", row)}
    assert told == read
    example = set(re.findall(r"^#? ?(SALA_\w+)=", (DEPLOY / "sala.env").read_text(), re.M))
    assert len(example) > 5
    assert example <= told


@dataclass
class Front:
    """nginx with the hall's site, on ports of its own, in front of a hall."""

    hall: Hall
    folder: Path
    secure: int
    plain: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def site(self) -> str:
        """deploy/nginx/sala.conf with this test's places; every place to change must be there."""
        text = (DEPLOY / "nginx" / "sala.conf").read_text(encoding="utf-8")
        for there, here in (
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{self.hall.port};"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("listen [::]:80;", ""),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.secure} ssl"),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/sala/tls/", f"{self.folder}/"),
            ("/etc/nginx/sala;", f"{DEPLOY / 'nginx'};"),
            ("/var/lib/nginx/sala-static", f"{self.folder}/static"),
            ("/var/log/nginx/", f"{self.folder}/"),
        ):
            assert there in text, there
            text = text.replace(there, here)
        return text

    def write(self) -> Path:
        """The whole configuration: the site within the least that nginx wants."""
        (self.folder / "site.conf").write_text(self.site, encoding="utf-8")
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = self.folder / "nginx.conf"
        file.write_text(
            f"{'user root;' if os.geteuid() == 0 else ''}\npid {self.folder}/nginx.pid;\ndaemon off;\n"
            f"error_log {self.folder}/error.log crit;\nevents {{}}\n"
            f"http {{\ninclude /etc/nginx/mime.types;\naccess_log off;\n{temporary}include {self.folder}/site.conf;\n}}\n"
        )
        return file

    def start(self) -> "Front":
        with (self.folder / "started.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["nginx", "-c", self.write(), "-e", self.folder / "error.log"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: kernel.die_with_parent(signal.SIGTERM),
            )
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.secure), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError((self.folder / "started.log").read_text())

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def connect(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "hall.crt"))
        plain = socket.create_connection(("127.0.0.1", self.secure), timeout=20, source_address=(source, 0))
        return context.wrap_socket(plain, server_hostname=NAME)

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", source: str = "127.0.0.1", **headers: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, header lines and body; a header's underscores stand for hyphens."""
        line = http.client.HTTPSConnection(NAME, timeout=20)
        line.sock = self.connect(source)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, body=body or None, headers={"Host": NAME, **named})
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            line.close()


def value(headers: list[tuple[str, str]], name: str) -> str:
    found = [text for key, text in headers if key.lower() == name.lower()]
    assert len(found) <= 1, f"{name} stands there twice"
    return found[0] if found else ""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A real hall, opened as the page does it, behind nginx."""
    if not shutil.which("nginx"):
        pytest.skip("needs nginx (apt-get install nginx)")
    home, folder = tmp_path_factory.mktemp("hall"), tmp_path_factory.mktemp("nginx")
    hall = Hall(home, extra={"SALA_PUBLIC_URL": f"https://{NAME}", "SALA_PROXIES": "127.0.0.1/32"})
    hall.sala("init")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    made += ["-keyout", str(folder / "hall.key"), "-out", str(folder / "hall.crt")]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    hall.start()
    stands = Front(hall, folder, free_port(), free_port())
    try:
        yield stands.start()
    finally:
        stands.stop()
        hall.stop()


@once
@group
@pytest.mark.processes
def test_a_real_hall_is_well_when_it_is_opened(front: Front) -> None:
    """Nothing bad, and its keys are there to be saved, before anybody came."""
    front.hall.sala("doctor")
    assert {path.name for path in (front.hall.home / "keys").iterdir()} >= {"secret", "ledger.ed25519"}


@once
@group
@pytest.mark.processes
def test_nginx_finds_its_configuration_right(front: Front) -> None:
    tried = subprocess.run(
        ["nginx", "-t", "-c", front.write(), "-e", front.folder / "tried.log"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr


@once
@group
@pytest.mark.processes
def test_plain_http_is_sent_to_tls(front: Front) -> None:
    line = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=10)
    line.request("GET", "/km/services?q=x", headers={"Host": NAME})
    answer = line.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, f"https://{NAME}/km/services?q=x")
    line.close()


@once
@group
@pytest.mark.processes
def test_a_page_comes_whole_with_each_header_once(front: Front) -> None:
    status, headers, body = front.ask("/km/", Accept_Encoding="gzip")
    assert status == 200
    names = [name.lower() for name, _ in headers]
    assert sorted(set(names)) == sorted(names)
    assert value(headers, "Content-Encoding") == "gzip"
    assert "</html>" in gzip.decompress(body).decode()
    for name in (
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ):
        assert value(headers, name), name
    assert value(headers, "Server") == "nginx"


@once
@group
@pytest.mark.processes
def test_cookies_are_for_tls_alone(front: Front) -> None:
    _status, headers, _body = front.ask("/km/sign-in")
    assert "Secure" in value(headers, "Set-Cookie")


def style_sheet(front: Front) -> str:
    body = front.ask("/km/")[2].decode()
    found = re.search(r'href="(/static/[^"]+\.css)"', body)
    assert found, body[:500]
    return found[1]


@once
@group
@pytest.mark.processes
def test_a_static_file_is_kept_by_browser_and_nginx(front: Front) -> None:
    path = style_sheet(front)
    for _ in range(2):
        status, headers, body = front.ask(path)
        assert status == 200 and b"{" in body
        assert "immutable" in value(headers, "Cache-Control")
    assert list((front.folder / "static").rglob("*/*"))


@once
@group
@pytest.mark.processes
def test_too_much_at_once_is_told_in_both_languages(front: Front) -> None:
    """By nginx beyond 64 MiB, without waiting for the body; less is passed on for Sala to judge."""
    with front.connect() as line:
        line.sendall(f"POST /km/report HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 70000000\r\n\r\n".encode())
        told = b""
        while block := line.recv(65536):
            told += block
            if b"</html>" in told:
                break
    assert told.startswith(b"HTTP/1.1 413 ")
    assert "ធំពេក" in told.decode() and "too large" in told.decode()
    body = json.dumps({"service": "x" * 1_500_000}).encode()
    status, _headers, answer = front.ask(
        "/api/v1/window/requests", "POST", body, Content_Type="application/json", Idempotency_Key="a" * 20
    )
    assert status == 422 and b"nginx" not in answer


def reaching(port: int) -> int:
    """How many connections to a port of this machine are open."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


@once
@group
@pytest.mark.processes
def test_slow_clients_stay_with_nginx(front: Front) -> None:
    """Fifty phones that send their body a bit at a time hold no place in Sala, and nobody else waits for them."""
    head = f"POST /km/report HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 90000\r\n\r\n"
    slow = [front.connect() for _ in range(50)]
    try:
        for line in slow:
            line.sendall(head.encode() + b"a=")
        times = []
        for turn in range(20):
            for line in slow:
                line.sendall(b"x")
            began = time.monotonic()
            assert front.ask("/healthz" if turn % 2 else "/km/")[0] == 200
            times.append(time.monotonic() - began)
        assert sorted(times)[18] < 1.0, times
        assert reaching(front.hall.port) == 0
    finally:
        for line in slow:
            line.close()


@once
@group
@pytest.mark.processes
def test_what_a_client_says_of_its_address_counts_for_nothing(front: Front) -> None:
    """Ten wrong passwords are counted for the address nginx saw; another address goes on being heard."""
    body = json.dumps({"username": "nobody", "password": "wrong"}).encode()

    def attempt(turn: int, source: str = "127.0.0.1") -> int:
        claims = {"X_Forwarded_For": f"203.0.113.{turn}", "Forwarded": f"for=203.0.113.{turn}"}
        return front.ask(
            "/api/v1/tokens", "POST", body, source=source, Content_Type="application/json", **claims
        )[0]

    told = [attempt(turn) for turn in range(1, 13)]
    assert told[0] == 401 and told[-1] == 429, told
    assert attempt(50, source="127.0.0.2") == 401


@once
@group
@pytest.mark.processes
@pytest.mark.parametrize("claim", [{"X_Forwarded_Host": "evil.example"}, {"X_Forwarded_Proto": "http"}, {"Forwarded": "host=evil.example"}])  # fmt: skip
def test_claims_about_name_and_scheme_count_for_nothing(front: Front, claim: dict[str, str]) -> None:
    status, headers, body = front.ask("/", **claim)
    assert status in (200, 302)
    assert "evil" not in str(headers) + body.decode(errors="replace")
    assert "http://" not in value(headers, "Location")


@once
@group
@pytest.mark.processes
@pytest.mark.parametrize("path", ["/metrics", "/metrics?x=1", "//metrics", "/%6detrics", "/km/../metrics"])
def test_metrics_are_for_this_machine_alone(front: Front, path: str) -> None:
    status, _headers, body = front.ask(path)
    assert status == 404 and b"sala_" not in body
    line = http.client.HTTPConnection("127.0.0.1", front.hall.port, timeout=10)
    line.request("GET", "/metrics")
    answer = line.getresponse()
    assert answer.status == 200 and b"sala_database_up 1" in answer.read()
    line.close()


@once
@group
@pytest.mark.processes
def test_that_the_hall_is_away_is_told_in_both_languages(front: Front) -> None:
    """503 with the time to try again, for people and for programs; what nginx holds it still gives."""
    path = style_sheet(front)
    assert front.ask(path)[0] == 200
    front.hall.stop()
    try:
        status, headers, body = front.ask("/km/services")
        assert (status, value(headers, "Retry-After"), value(headers, "Cache-Control")) == (
            503,
            "30",
            "no-store",
        )
        assert "សូមព្យាយាមម្តងទៀត" in body.decode() and "Try again" in body.decode()
        assert value(headers, "Strict-Transport-Security")
        status, headers, body = front.ask("/api/v1/places/search?q=tek")
        assert (status, value(headers, "Content-Type").split(";")[0]) == (503, "application/problem+json")
        assert json.loads(body)["status"] == 503
        assert front.ask(path)[0] == 200
    finally:
        front.hall.start()
    assert front.ask("/km/")[0] == 200
    assert front.ask("/away.html")[0] == 404


@once
@group
@pytest.mark.processes
def test_nginx_writes_down_no_address_and_no_path(front: Front) -> None:
    front.ask("/km/follow/ABCD-SECRET-CODE")
    lines = (front.folder / "sala.log").read_text().splitlines()
    assert len(lines) > 3
    written = "\n".join(lines) + (front.folder / "sala-error.log").read_text()
    assert not re.search(r"127\.0\.0\.|SECRET|/km|203\.0\.113", written)


@once
def test_the_pages_commands_can_be_run_by_the_machine() -> None:
    """The page that `make install-test` runs is read by it: blocks to run, and for each left out a reason."""
    sys.path.insert(0, str(ROOT / "tools"))
    import machine

    blocks = machine.blocks(ROOT / "docs" / "running-a-hall.md")
    assert len([block for block in blocks if not block.reason]) > 15
    assert [len(block.reason) > 20 for block in blocks if block.text.startswith("# not run")] == [True]
