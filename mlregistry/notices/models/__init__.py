"""What people are told, through which channels, and what became of each message."""

from .channels import Channel, ChannelKind
from .deliveries import Delivery, DeliveryState
from .notices import InboxEntry, Notice, Severity

__all__ = ["Channel", "ChannelKind", "Delivery", "DeliveryState", "InboxEntry", "Notice", "Severity"]
