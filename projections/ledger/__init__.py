"""Whose each minute of each lead's clocks was, for any period: the responsibility ledger as a table.

The rules are in domain/lead/ledger.py. A row stands from one instant to another; how many working minutes lie between
them depends on the hours of a calendar, in the version that the clock cites, and is counted by who asks.
"""

from projections.ledger.bookings import Ledger, Row, ledger
from projections.ledger.questions import Line, of_lead, of_person, of_team

__all__ = ["Ledger", "Line", "Row", "ledger", "of_lead", "of_person", "of_team"]
