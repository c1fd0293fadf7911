"""Where people write to the bot: each channel turns what arrives into `Incoming`, hands it to the desk, and
carries the replies back.

port.py                the Protocol all channels keep, and what they need from outside
console.py             a terminal (must not import aiogram)
telegram.py            Telegram: updates in, once each, and their handling
telegram_reading.py    a Telegram message or button → Incoming
telegram_sending.py    Reply → Telegram calls, with retries
telegram_polling.py    asks Telegram for updates
web.py                 the webhook and the health page
post.py                brings messages that nobody has just asked for
serve.py               runs a channel until it is told to stop
"""
