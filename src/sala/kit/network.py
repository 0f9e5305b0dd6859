"""From which network address does somebody ask, and how is that counted without keeping the address?"""

import hmac
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from sala.kit import clock

_PREFIX = 64  # one line has so many addresses of IPv6 that only its network says who it is


def address(request: HttpRequest) -> str:
    """The asker's address; of IPv6 the /64 network's first one.

    ``X-Forwarded-For`` is believed only from a proxy that `settings.PROXIES` names, from the right, up to the first
    address that is no such proxy: what stands left of it anybody may have written.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    found = peer
    if _is_proxy(peer):
        for part in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            if not _parsed(part):
                break
            found = part
            if not _is_proxy(part):
                break
    return _whole(found)


def is_proxy(request: HttpRequest) -> bool:
    """Whether the asker is a proxy that `settings.PROXIES` names."""
    return _is_proxy(str(request.META.get("REMOTE_ADDR", "")))


def pseudonym(seen: str, scope: str = "") -> str:
    """32 hexadecimal digits for an address, keyed: the same within ``scope`` (an hour, a door), nothing beyond it."""
    text = f"{scope} {seen}"
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256").hex()[:32]


def counted(request: HttpRequest) -> str:
    """The address as sign-in attempts are counted by it: a pseudonym of today, in the dress of an IPv6 address."""
    return str(IPv6Address(int(pseudonym(address(request), f"sign-in {clock.today()}"), 16)))


def absolute(request: HttpRequest, path: str) -> str:
    """The whole address of a page: below SALA_PUBLIC_URL where that is set, since a request's Host is the asker's word."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> str:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def _whole(text: str) -> str:
    plain = _parsed(text)
    if ":" not in plain:
        return plain
    return str(IPv6Network((int(IPv6Address(plain)), _PREFIX), strict=False).network_address)


def _is_proxy(text: str) -> bool:
    plain = _parsed(text)
    return bool(plain) and _among(plain, tuple(settings.PROXIES))


@lru_cache(maxsize=4096)
def _among(plain: str, networks: tuple[str, ...]) -> bool:
    return any(ip_address(plain) in ip_network(each, strict=False) for each in networks)
