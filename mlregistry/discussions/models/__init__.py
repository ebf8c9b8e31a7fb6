"""Rows of comments, watches, what people want to be told, and write-ups."""

from .comments import Comment
from .tellings import Manner, Telling
from .watches import Watch, WatchCursor
from .writeups import WriteUp, WriteUpVersion

__all__ = ["Comment", "Manner", "Telling", "Watch", "WatchCursor", "WriteUp", "WriteUpVersion"]
