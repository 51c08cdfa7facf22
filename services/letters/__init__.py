"""What notices say: templates, a team's own before ours, filled with what the reader may know."""

from services.letters.facts import KINDS, Facts, Kind, Line, example
from services.letters.letters import Letters, Written
from services.letters.sandbox import TemplateTrouble

__all__ = ["KINDS", "Facts", "Kind", "Letters", "Line", "TemplateTrouble", "Written", "example"]
