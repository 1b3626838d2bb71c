#include <errno.h>
#include <sqlite3.h>
#include <sys/resource.h>

/* sqlite3_config is variadic, which Swift cannot call. Must run before the first connection of the process.

   Without its memory statistics SQLite takes no process-wide lock around every allocation. What a statement of many
   rows may have to take back goes to a file past 120 KiB instead of 64: fifteen of our pages, or eight. It cannot be
   more than 128 KiB: SQLite hands that file over in one piece and writes no larger one at once (seekAndWriteFd in
   os_unix.c), which it then takes for a full disk. */
static inline int csqlite_configure(void) {
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return code != SQLITE_OK ? code : sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 120 << 10);
}

/* sqlite3_db_config is variadic too. Whether statements prepared from now on look up what a new row refers to; inside
   a transaction as well, which PRAGMA foreign_keys is not for. Returns what holds now, -1 when it cannot be told. */
static inline int csqlite_enforce_references(sqlite3 *connection, int on) {
    int now = -1;
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FKEY, on, &now) == SQLITE_OK ? now : -1;
}

/* What the operating system said of the last write to the database's file or to its journal that failed; 0 when it
   cannot be told. A commit that fails leaves nothing in sqlite3_system_errno. */
static inline int csqlite_write_errno(sqlite3 *connection) {
    sqlite3_file *journal = 0;
    int code = 0;
    if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal) == SQLITE_OK && journal
        && journal->pMethods)
        journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &code);
    if (code == 0) sqlite3_file_control(connection, "main", SQLITE_FCNTL_LAST_ERRNO, &code);
    // Rolling back reads past the file's end, which SQLite notes as no error: then a limit that is set was met.
    struct rlimit size;
    if (code == 0 && getrlimit(RLIMIT_FSIZE, &size) == 0 && size.rlim_cur != RLIM_INFINITY) code = EFBIG;
    return code;
}
