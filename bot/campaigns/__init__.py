"""Circulars that are sent, and what becomes of them: deliveries, acknowledgments, reminders, evidence.

campaign.py      the nouns, and which state follows which
audience.py      who is addressed: a small language over units, statuses, patterns, roles and names
calendar.py      when a person may be reminded: her own working hours, her leave, one message a day
"""
