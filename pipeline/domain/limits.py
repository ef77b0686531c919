"""All limits on the bytes, counts, depth and time of a visitor's requests."""

# Chosen: far above what one person at the page needs, far below what fills the memory or blocks others for long.
MAX_WAITING = 128  # requests of all clients in the queue
MAX_PER_CLIENT = 32  # requests of one client, waiting and running: a list of prompts, a quarter of the queue
MAX_CELLS = 32  # pictures of a grid of the page, which is one request; chosen: as many as one client may have requests
LISTEN_SECONDS = 30.0  # a request is dropped if nobody follows it by then
KEEP_SECONDS = 600.0  # a request of the page goes on for so long after its last follower left,
KEEP_SECONDS_FOR_OTHERS = 60.0  # or for so long if others wait: a phone is unlocked, a connection comes back
MAX_KEPT_BYTES = 256 << 20  # of finished pictures that nobody has followed to the end; chosen: 20 of 2048x2048
MAX_SEEN = 16  # finished requests that somebody has followed to the end, found again after a reload; chosen
MAX_SESSIONS = 1_000  # visitors whose state is kept; beyond, the oldest start anew; chosen

# Values of one event of the page. The page sends at most the pictures of a grid with their sheet and 16 earlier ones,
# about 900 values, and a preview of 512x512 pixels, 240,000 characters if it is pure noise. The limits are rounded up
# from there.
MAX_EVENT_VALUES = 1_500
MAX_EVENT_DEPTH = 8
MAX_EVENT_TEXT = 300_000  # characters in total

# A dropped PNG. Our pictures have a few kilobytes of text. 96 MB in libpng's chunks of 8 kB are 12,000 chunks.
MAX_PNG_TEXT = 1 << 20  # bytes of one chunk, packed or unpacked
MAX_PNG_CHUNKS = 20_000  # read in 20 ms

MAX_UPLOAD = 96  # MB (2**20 bytes) of one upload; our largest PNG has about 50
MAX_JSON = 1 << 19  # bytes of any other body; two prompts of emoji, escaped in JSON, have 240 kB
MAX_JSON_DEPTH = 32  # a request with a gallery has 6
JSON_SECONDS = 30.0  # for a body to arrive; chosen: half a megabyte at 140 kbit/s
UPLOAD_SECONDS = 600.0  # chosen: 96 MB at 1.3 Mbit/s
UPLOADS_AT_ONCE = 8  # chosen: nobody at a page sends two at a time
UPLOADED_PER_HOUR = 20  # uploads of the largest size, of all visitors together; chosen: 45 GiB a day, then deleted
FREE_DISK = 2 << 30  # bytes that uploads leave free; chosen: room for pictures, logs and the system

MAX_CONNECTIONS = 1000  # beyond, idle connections are closed, the oldest first; chosen, as many as MAX_SESSIONS
REQUEST_SECONDS = 30.0  # from a connection to the end of its request's headers; chosen, like JSON_SECONDS
FREE_LOGINS = 5  # failures of one address in a row before it has to wait; chosen: a few typing errors

# A picture to start from. The largest that is drawn has 4096x4096 pixels; cameras take up to four times as many.
MAX_GIVEN_PIXELS = 64_000_000
