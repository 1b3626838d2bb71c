"""A register's tables as a script sees them: SQLite files, or a database of its own on a PostgreSQL server.

The server is the one of PROFBILET_TEST_POSTGRES, which Tests/with-postgres.sh sets.
"""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

SERVER = os.environ.get("PROFBILET_TEST_POSTGRES")
SUFFIX = "-postgres" if SERVER else ""


def of(data):
    return Server() if SERVER else Files(data)


class Files:
    is_server = False
    environment = {}

    def __init__(self, data):
        self.data = data

    def number(self, sql):
        # Closed at once: an open one loses its locks when a script reads the file's bytes.
        with closing(sqlite3.connect(f"file:{self.data}/register.sqlite?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchone()[0]

    def execute(self, *statements):
        with closing(sqlite3.connect(self.data / "register.sqlite")) as connection, connection:
            for sql in statements:
                connection.execute(sql)

    def check(self):
        for name in ("register.sqlite", "member-keys.sqlite"):
            connection = sqlite3.connect(self.data / name)
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", name
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == [], name
            connection.close()

    def hold(self):
        """Locks the register as another process would; gives the lock back when called again."""
        holder = sqlite3.connect(self.data / "register.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")

        def release():
            holder.execute("ROLLBACK")
            holder.close()
        return release

    def drop(self):
        pass


class Server:
    is_server = True

    def __init__(self):
        self.name = f"register_{os.getpid()}_{time.monotonic_ns()}"
        self.psql(SERVER, f"CREATE DATABASE {self.name}")
        if "://" in SERVER:
            sys.exit("PROFBILET_TEST_POSTGRES: a list of key=value pairs is needed")
        pairs = [pair for pair in SERVER.split() if not pair.startswith("dbname=")]
        self.place = " ".join([*pairs, f"dbname={self.name}"])
        self.environment = {"PROFBILET_DATABASE": self.place}

    @staticmethod
    def psql(place, sql):
        result = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", sql],
                                capture_output=True, text=True)
        if result.returncode:
            raise AssertionError(f"{sql}: {result.stderr}")
        return result.stdout.strip()

    def settle(self):
        """The server finishes or undoes the work of a killed client on its own time."""
        for _ in range(300):
            others = self.psql(SERVER, f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}'")
            if others == "0":
                return
            time.sleep(0.1)
        raise AssertionError("a killed client's session does not end")

    def number(self, sql):
        self.settle()
        return int(self.psql(self.place, sql))

    def execute(self, *statements):
        for sql in statements:
            self.psql(self.place, sql)

    def check(self):
        """What the server does not promise by itself: that every index and constraint is in force."""
        self.settle()
        assert self.psql(self.place, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
        assert self.psql(self.place, "SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == "0"
        lost = self.psql(self.place, "SELECT count(*) FROM member m WHERE length(m.sealed) > 0 "
                         "AND NOT EXISTS (SELECT 1 FROM member_key k WHERE k.member_id = m.id)")
        assert lost == "0", "members without their key"

    def drop(self):
        self.settle()
        self.psql(SERVER, f"DROP DATABASE {self.name}")
