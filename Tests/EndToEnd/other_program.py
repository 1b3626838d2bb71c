"""Another program at the same reader: holds it for itself, holds a transaction, or resets the card again and again.

Usage: python3 other_program.py exclusive|transaction|reset READER; says a line when it has begun, ends with its input.
"""

import ctypes
import select
import sys

LIBRARY = ctypes.CDLL("libpcsclite.so.1")
SHARED, EXCLUSIVE, ANY, LEAVE, RESET = 2, 1, 3, 0, 1


def connect(context, reader, sharing):
    card, protocol = ctypes.c_long(), ctypes.c_ulong()
    status = LIBRARY.SCardConnect(context, reader, ctypes.c_ulong(sharing), ctypes.c_ulong(ANY),
                                  ctypes.byref(card), ctypes.byref(protocol))
    return status & 0xFFFFFFFF, card


def main():
    mode, reader = sys.argv[1], sys.argv[2].encode()
    context = ctypes.c_long()
    if LIBRARY.SCardEstablishContext(ctypes.c_ulong(2), None, None, ctypes.byref(context)):
        sys.exit("no service")
    if mode == "reset":
        print('{"event": "ready"}', flush=True)
        count = 0
        while not select.select([sys.stdin], [], [], 0.002)[0]:
            status, card = connect(context, reader, SHARED)
            if status == 0:
                LIBRARY.SCardDisconnect(card, ctypes.c_ulong(RESET))
                count += 1
        print(f'{{"event": "resets", "count": {count}}}', flush=True)
        return
    status, card = connect(context, reader, EXCLUSIVE if mode == "exclusive" else SHARED)
    if status == 0 and mode == "transaction":
        status = LIBRARY.SCardBeginTransaction(card) & 0xFFFFFFFF
    print(f'{{"event": "ready", "status": {status}}}', flush=True)
    sys.stdin.readline()
    if mode == "transaction":
        LIBRARY.SCardEndTransaction(card, ctypes.c_ulong(LEAVE))
    LIBRARY.SCardDisconnect(card, ctypes.c_ulong(LEAVE))


main()
