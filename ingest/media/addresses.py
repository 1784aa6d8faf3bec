"""Which addresses of the internet are anybody's: what a stranger may make us connect to.

Python's `is_global` takes some forms of a private IPv4 address inside an IPv6 one for global, so
those are unwrapped first. Sources: the IANA special-purpose registries (RFC 6890) and RFC 4291
(mapped, compatible), 6052 and 8215 (NAT64), 3056 (6to4), 4380 (Teredo).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
# Of protocols (RFC 6890) and of relays that are gone (RFC 7526).
_NEVER_V4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
# Not global whatever is inside: local NAT64, IPv4-compatible, Teredo, site-local.
_NEVER = tuple(map(IPv6Network, ("64:ff9b:1::/48", "::/96", "2001::/32", "fec0::/10")))


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver gives it, is reachable by everybody and by nobody's
    favour: not this machine, not its networks, not a group of machines."""
    try:
        found = ip_address(address)
    except ValueError:  # also with a zone, `fe80::1%eth0`
        return False
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return False
        inner = _inner(found)
        if inner is None:
            if any(found in network for network in _NEVER):
                return False
        else:
            found = inner
    if isinstance(found, IPv4Address) and any(found in network for network in _NEVER_V4):
        return False
    return (
        found.is_global
        and not found.is_multicast
        and not found.is_reserved
        and not found.is_unspecified
        and not found.is_link_local
        and not found.is_loopback
    )


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end at."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    return None
