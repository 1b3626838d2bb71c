#include <sqlite3.h>

/* sqlite3_config is variadic, which Swift cannot call. Must run before the first connection of the process.

   Without its memory statistics SQLite takes no process-wide lock around every allocation. What a statement of many
   rows may have to take back goes to a file only past 8 MiB: by default it does past 64 KiB, eight of our pages, and
   then a statement of sixteen rows that fall everywhere into an index writes each page it touches to the disk. */
static inline int csqlite_configure(void) {
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return code != SQLITE_OK ? code : sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 8 << 20);
}
