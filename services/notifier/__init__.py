"""The notifier sends what `projections/notices` says is to be sent, by mail and by text message, and tells the log.

It may die at any instruction: nothing is lost, and what may go out twice in that case is told in docs/notices.md.
"""
