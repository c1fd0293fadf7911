"""Where people write to the bot: each channel turns what arrives into `Incoming`, hands it to the desk, and
carries the replies back.

port.py                the Protocol all channels keep, and what they need from outside
console.py             a terminal (must not import aiogram)
telegram.py            Telegram: updates in, once each, and their handling
telegram_reading.py    a Telegram message or button → Incoming
telegram_sending.py    Reply → Telegram calls, with retries
telegram_polling.py    asks Telegram for updates
whatsapp.py            WhatsApp: bodies in, kept and handled once
whatsapp_web.py        its webhook                          whatsapp_signing.py   signatures and seals
whatsapp_reading.py    a body → events                      whatsapp_text.py      what its markup would change
whatsapp_replies.py    Reply → messages                     whatsapp_sending.py   messages → calls, retried
whatsapp_errors.py     what refusals mean                   whatsapp_client.py    pywa's client
whatsapp_bulk.py       one of many, one try                 whatsapp_build.py     of settings and ledger
whatsapp_ports.py      what it needs of the ledger
web.py                 the webhooks and the health page
post.py                brings messages that nobody has just asked for
serve.py               runs a channel until it is told to stop
"""
