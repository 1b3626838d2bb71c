#include <sqlite3.h>

/* sqlite3_config is variadic, which Swift cannot call. Must run before the first connection of the process.

   Without its memory statistics SQLite takes no process-wide lock around every allocation. What a statement of many
   rows may have to take back goes to a file only past 8 MiB: by default it does past 64 KiB, eight of our pages, and
   then a statement of sixteen rows that fall everywhere into an index writes each page it touches to the disk. */
static inline int csqlite_configure(void) {
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return code != SQLITE_OK ? code : sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 8 << 20);
}

/* sqlite3_db_config is variadic too. Whether statements prepared from now on look up what a new row refers to; inside
   a transaction as well, which PRAGMA foreign_keys is not for. Returns what holds now, -1 when it cannot be told. */
static inline int csqlite_enforce_references(sqlite3 *connection, int on) {
    int now = -1;
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FKEY, on, &now) == SQLITE_OK ? now : -1;
}
