"""Long answers are compressed, short ones not."""

import gzip

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from sala.kit.compression import PACKET, CompressionMiddleware


def answered(length: int, taken: str = "gzip") -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"\xe1\x9e\x9f" * (length // 3))

    answer = CompressionMiddleware(view)(RequestFactory().get("/km/", headers={"Accept-Encoding": taken}))
    assert isinstance(answer, HttpResponse)
    return answer


def test_one_packet_goes_as_it_is() -> None:
    assert "Content-Encoding" not in answered(PACKET).headers


def test_more_is_compressed_for_who_takes_it() -> None:
    answer = answered(6 * PACKET)
    assert answer["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(answer.content)) == 6 * PACKET
    assert "Content-Encoding" not in answered(6 * PACKET, "identity").headers
