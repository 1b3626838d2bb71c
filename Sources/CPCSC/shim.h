#include <winscard.h>
#include <reader.h>

// Macros with casts or arguments do not come into Swift: they are functions here.

static inline LPCSCARD_IO_REQUEST pcsc_protocol_header(DWORD protocol) {
    return protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
}

static inline DWORD pcsc_control_code(DWORD number) { return SCARD_CTL_CODE(number); }

static inline DWORD pcsc_all_protocols(void) { return SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1; }
