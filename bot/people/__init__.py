"""Who the people are that ask, as they describe themselves.

profile.py       what is kept of a person
ports.py         what this package needs from outside: a place for profiles, a directory of the corpus
choices.py       buttons from long lists: short labels, pages, short ids, search by name
registration.py  the steps from /mulai to a profile, and the changes to one
pages.py         the texts of /profil, /edaran, /bantuan, /bahasa and /privasi
"""
