"""Circulars that are sent, and what becomes of them: deliveries, acknowledgments, reminders, evidence.

campaign.py      the nouns, and which state follows which
audience.py      who is addressed: a small language over units, statuses, patterns, roles and names
content.py       what is sent, and its digest; change.py tells a material change from an editorial one
sending.py       the worker of a lane; lane.py its pace; outbox.py what runs
acknowledging.py what a wish to acknowledge comes to; proxies.py by another's hand; assembly.py at an apel
reminding.py     when a person may be reminded: her own hours, her leave; escalation.py tells superiors
reports.py       sums, lists and times; exporting.py their files
evidence.py      the Merkle log's leaves; receipts.py, bundle.py and inspection.py prove and check them
*_chat.py        the dialogues about all that
"""
