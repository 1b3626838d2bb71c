#include <sqlite3.h>

/* sqlite3_config is variadic, which Swift cannot call. Without its memory statistics SQLite takes no
   process-wide lock around every allocation. Must run before the first connection of the process. */
static inline int csqlite_drop_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
