"""What is known of each lead: now, as of any earlier instant, and as it was known at any earlier instant.

Two instants may come with each question. `as_of` asks what had happened by then, as far as we know today; `as_known`
asks what our record said then; together they ask what the record said at the one about the other.
"""

from projections.leads.facts import Facts, Stage, leads
from projections.leads.questions import Count, Cursor, Group, LeadThen, Which, count, find, lead, whose

__all__ = ["Count", "Cursor", "Facts", "Group", "LeadThen", "Stage", "Which", "count", "find", "lead", "leads", "whose"]
