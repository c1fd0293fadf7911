"""A WhatsApp Cloud API to try Edaran against: no network, no account, no message to a real person.

`rules` what the platform allows and which faults it shows; `errors` how it refuses; `requests` which
messages it takes; `templates`, `people`, `limits` what it remembers; `ladder` what becomes of a message;
`arriving` what people send, `showing` what they see; `webhooks` the bodies, `mail` those that wait; `cloud`
all of it in one object with explicit time and no input or output.

Around it: `graph` (the side that a program calls), `control` (the side of the people and of tests),
`delivery` (webhooks: signed, repeated), `clock`, `server`. `client` is the Python side of `control`,
`terminal` a chat by hand on top of it.

Nothing of Edaran but texts and problems is known here, and nothing of Edaran needs this package to run.
Field names, limits and codes are those of Meta's public documentation of the Graph API v24 and of
business-scoped user ids (March 2026).
"""
