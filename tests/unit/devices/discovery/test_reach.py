"""A scan asks the home's own addresses and no others."""

from ipaddress import IPv4Interface

import pytest

from gatewayd.devices.discovery import reach
from gatewayd.devices.discovery.reach import Target
from gatewayd.errors import InvalidError

HOME = [IPv4Interface("192.168.1.5/24"), IPv4Interface("10.0.0.2/8"), IPv4Interface("8.8.4.4/24")]


def test_all_neighbours_in_private_networks_are_asked() -> None:
    found = [target.host for target in reach.of_networks(HOME)]

    assert len(found) == 253 + 253
    assert "192.168.1.1" in found
    assert "10.0.0.254" in found
    assert "192.168.1.5" not in found
    assert "10.0.1.1" not in found
    assert not any(host.startswith("8.") for host in found)


@pytest.mark.parametrize("text", ["192.168.1.0/28", "10.1.0.0/22", "127.0.5.0/29"])
def test_a_part_of_a_network_of_ours_can_be_named(text: str) -> None:
    assert reach.of_subnet(text, HOME)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/21", "192.168.2.0/24", "8.8.4.0/24", "1.1.1.1/32", "nonsense", "fe80::/64"]
)
def test_what_is_not_the_home_s_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        reach.of_subnet(text, HOME)


async def test_a_host_may_have_a_port() -> None:
    assert await reach.of_host("127.0.0.1:1502") == Target("127.0.0.1", 1502)
    assert await reach.of_host("127.0.0.1") == Target("127.0.0.1")


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "8.8.8.8:502", "127.0.0.1:0", "127.0.0.1:x", "0.0.0.0"]
)
async def test_a_host_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        await reach.of_host(text)


async def test_only_what_is_named_is_asked() -> None:
    found = await reach.targets(["127.0.0.1:5"], ["127.0.0.8/31"])

    assert found == [Target("127.0.0.1", 5), Target("127.0.0.8"), Target("127.0.0.9")]
