"""All limits of what a visitor can send, in one place: bytes, counts, depth and time."""

MAX_WAITING = 128  # requests of all clients in the queue
MAX_PER_CLIENT = 8  # requests of one client, waiting and running
LISTEN_SECONDS = 30.0  # until a request that nobody begins to follow is dropped

MAX_RECORD_DEPTH = 16  # of a picture's JSON record; ours has 3
MAX_PNG_TEXT = 1 << 20  # bytes of one text chunk; a picture of ours has a few kilobytes
MAX_PNG_CHUNKS = 100_000  # read before a file is refused; a 4096x4096 picture, as Pillow writes it, has about 800

MAX_UPLOAD = 96  # MB (2**20 bytes) of one upload; the largest PNG that we write has about 50
MAX_JSON = 1 << 19  # bytes of any other body; two prompts of emoji, as JSON may write them, have 240 kilobytes
MAX_JSON_DEPTH = 32  # a request with a gallery in it has 6
JSON_SECONDS = 30.0  # for a body to arrive
UPLOAD_SECONDS = 600.0
UPLOADS_AT_ONCE = 8
UPLOADED_PER_HOUR = 20  # of the largest uploads, by all visitors together: they are deleted after a day
FREE_DISK = 2 << 30  # bytes that uploads leave free

MAX_CONNECTIONS = 1000  # beyond, those that have asked nothing are closed, the oldest first
REQUEST_SECONDS = 30.0  # from a connection to the end of its request's headers
FREE_LOGINS = 5  # of an address in a row that may fail before it has to wait
