"""Edaran: answers Indonesian civil servants from the circulars that bind them.

The way of the data; every arrow carries one frozen value of `model`::

    channel update → Incoming → understanding → Question ┐
                                people        → Asker    ├→ policy → Verdict → rendering → Reply → channel
                                policies/     → Corpus   ┘

Where what lives:

- `model`, `vocabulary` — the nouns of the flow; the words rules are made of
- `worktime` — pure calendar: regency + pattern + instant → working, break, off
- `policy` — circulars as data: loading and checks, compiled decisions, explanation, next window
- `understanding` — chat text → what it says: normalise, time grammar, lexicon, frame
- `dialogue` — what one conversation remembers; which question to ask next
- `rendering` — verdict → the short text a person reads, through the catalogues in locales/
- `assistant` — the four above put in a row: one message in, one answer out
- `people` — profiles and registration; ports for what they need from outside
- `desk` — one message of any channel: command, registration button, or question
- `channels` — Telegram and console behind one Protocol
- `storage` — the ledger: tables, queries, migrations
- `config`, `app`, `cli` — settings, the composition root, the command line
"""
