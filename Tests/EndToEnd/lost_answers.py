"""A network that loses answers, or puts others in their place."""

import socket
import threading
import urllib.parse


class LostAnswers:
    """A way to a service on which the first answers to requests with a word are cut off; its address.

    Of `instead` the near end gets one for each answer that is cut off, as long as there are any.
    """

    def __init__(self, service, word, count=1, instead=()):
        parts = urllib.parse.urlparse(service.address)
        self.target, self.word, self.left = (parts.hostname, parts.port), word, count
        self.instead = list(instead)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(near, socket.create_connection(self.target)), daemon=True).start()

    def carry(self, near, far):
        lost = threading.Event()

        def forth():
            while data := self.read(near):
                if self.word in data and self.left > 0:
                    self.left -= 1
                    lost.set()
                far.sendall(data)
        threading.Thread(target=forth, daemon=True).start()
        while data := self.read(far):
            if lost.is_set():
                if self.instead:
                    near.sendall(self.instead.pop(0))
                break
            near.sendall(data)
        for end in (near, far):
            end.close()

    @staticmethod
    def read(end):
        try:
            return end.recv(65_536)
        except OSError:
            return b""
