"""The roster of a regency: from the file it exports to what changes in the ledger.

dates.py       a day in a cell
words.py       the words of headers and cells (kosakata/daftar_pegawai.yaml), and how texts are compared
cells.py       a cell as text
reading.py     a file as sheets of rows: which kind it is, what is wrong with it
csv_file.py    … from CSV
xlsx_file.py   … from XLSX; xlsx_parts.py streams its cells
mapping.py     which column holds what: proposed from the headers, written by hand, kept per regency
mapping_file.py  the mapping as YAML
columns.py     where the header row is, and which column of it has each field
rows.py        a row of cells → a person, or why not
naming.py      statuses, patterns and unit classes by the words that a regency uses for them
tree.py        the units that the rows name
staging.py     the rows in a temporary database, so that memory stays bounded
changes.py     what passes between a roster and the ledger
units.py       the units of the file beside those of the ledger
difference.py  who joins, leaves, moves, changes, by comparing the two
report.py      the difference as people check it, and as JSON
importing.py   the whole way, over the port to the ledger
"""
