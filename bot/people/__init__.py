"""Who the people are that ask: as they describe themselves, and as the roster of their regency has them.

profile.py       what is kept of a person who describes herself
staff.py         the staff: units, people, roles
rights.py        who may do what, on whom
identity.py      which account is whose: linking by a vouched number or a code, unlinking
codes.py         one-time codes
sheets.py        the printed sheets on which they are handed over
ports.py         what this package needs from outside
choices.py       buttons from long lists: short labels, pages, short ids, search by name
registration.py  the steps from /mulai to a profile, and the changes to one
reception.py     the dialogue in which a person proves who she is
self_service.py  /profil, /data_saya, /hapus, /berhenti
visit.py         one message, with who sent it
conversing.py    handing questions to the answerer
waiting.py       questions that wait until their askers have said who they are
pages.py         the texts of these pages
"""
