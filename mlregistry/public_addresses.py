"""Which network addresses the server may connect to: public ones, and those the operator allows.

Called by `mlregistry.outgoing` alone. A table of our own, so that no Python version decides.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA registries of special-purpose addresses, multicast and class E.
SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
GLOBAL_IPV6 = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")


def may_connect(text: str, *, allowed: Iterable[str]) -> bool:
    """Whether this literal address is public, or lies in a network of `allowed`; no literal: no."""
    try:
        address = _plain(ip_address(text))
    except ValueError:
        return False
    return is_public(address) or any(address in ip_network(network) for network in allowed)


def is_public(address: Address) -> bool:
    """Reachable from anywhere on the internet, and meant for one host."""
    if isinstance(address, IPv6Address) and (address.scope_id or address not in GLOBAL_IPV6):
        return False
    return not any(address in network for network in SPECIAL)


def _plain(address: Address) -> Address:
    """The IPv4 address inside a mapped or NAT64 one; tunnels (6to4, Teredo) are refused by the table."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
