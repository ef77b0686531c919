"""All limits of what a visitor can send, in one place: bytes, counts, depth and time."""

MAX_WAITING = 128  # requests of all clients in the queue
MAX_PER_CLIENT = 8  # requests of one client, waiting and running
LISTEN_SECONDS = 30.0  # until a request that nobody begins to follow is dropped

MAX_RECORD_DEPTH = 16  # of a picture's JSON record; ours has 3
MAX_PNG_TEXT = 1 << 20  # bytes of one text chunk; a picture of ours has a few kilobytes
MAX_PNG_CHUNKS = 100_000  # read before a file is refused; a 4096x4096 picture, as Pillow writes it, has about 800
