"""Do programs that others wrote for Open311 work against a running hall? The packages `georeport` and `three`."""

import itertools
import sys
from typing import Any

import pytest
from georeport import GeoReport

from tests.hall import Hall

pytestmark = pytest.mark.xdist_group("hall")
PLACE = "12040402"


@pytest.fixture(scope="module")
def three_package() -> Any:
    """`three` was written for Python 2: it looks for `itertools.ifilter`, and takes the first of a dictionary's keys by number."""
    itertools.ifilter = filter  # type: ignore[attr-defined]
    try:
        import three
    finally:
        del itertools.ifilter  # type: ignore[attr-defined]
    sys.modules["three.core"].ifilter = filter  # type: ignore[attr-defined]
    return three


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_georeport(hall: Hall, kind: str) -> None:
    client = GeoReport(f"{hall.url}/open311/v2", output_format=kind)
    services = client.get_service_list()
    assert {row["service_code"] for row in services} == {"RP-SEWER", "RP-POWER", "RP-LIGHT", "RP-ROAD"}
    definition = client.get_service_definition("RP-SEWER")
    assert definition["service_code"] == "RP-SEWER" and definition["attributes"]
    rows = client.get_service_requests(status="closed")
    assert rows and all(row["status"] == "closed" for row in rows)
    number = rows[0]["service_request_id"]
    assert client.get_service_request(number)["service_request_id"] == number


def test_three(hall: Hall, three_package: Any) -> None:
    key = hall.sala("window", "open311-key", "three").stdout.strip()
    client = three_package.Three(
        f"{hall.url}/open311/v2/", api_key=key, discovery=f"{hall.url}/open311/discovery.json"
    )
    assert client.discovery()["endpoints"][0]["url"].endswith("/open311/v2")
    assert {row["service_code"] for row in client.services()} >= {"RP-SEWER"}
    assert client.services("RP-ROAD")["attributes"]
    [made] = client.post(
        "RP-ROAD", name="Sok Dara", address_id=PLACE, description="ផ្លូវខូច", **{"attribute[damage]": "hole"}
    )
    number = made["service_request_id"]
    assert client.request(number)[0]["service_code"] == "RP-ROAD"
    code = made["service_notice"].split("/")[-1].split()[0]
    assert client.token(code)[0]["service_request_id"] == number
    assert number in {row["service_request_id"] for row in client.requests(count=1000)}
    assert isinstance(client.requests("RP-ROAD", between=["01-01-2026", "02-01-2026"]), list)
