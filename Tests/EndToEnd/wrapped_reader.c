// vsmartcard's virtual reader with two things it lacks: it can be unplugged (a file beside the library says so), and
// it takes its owner's commands for light and sound and writes them down.
//
// Built by isolated-pcscd.sh; NAME.so wraps NAME.real, looks for NAME.unplugged and writes NAME.control.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifdhandler.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char base[4000];
static void *driver;

static void *forward(const char *name) {
    if (!driver) {
        Dl_info self;
        dladdr((void *)forward, &self);
        snprintf(base, sizeof base, "%s", self.dli_fname);
        base[strlen(base) - 3] = 0;
        char path[4096];
        snprintf(path, sizeof path, "%s.real", base);
        driver = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return driver ? dlsym(driver, name) : NULL;
}

static int is_unplugged(void) {
    char path[4096];
    forward("IFDHICCPresence");
    snprintf(path, sizeof path, "%s.unplugged", base);
    return access(path, F_OK) == 0;
}

#define FORWARD(name, parameters, arguments)                       \
    RESPONSECODE name parameters {                                 \
        if (is_unplugged()) return IFD_NO_SUCH_DEVICE;             \
        RESPONSECODE(*next) parameters = forward(#name);           \
        return next ? next arguments : IFD_NOT_SUPPORTED;          \
    }

FORWARD(IFDHCreateChannelByName, (DWORD lun, LPSTR name), (lun, name))
FORWARD(IFDHCreateChannel, (DWORD lun, DWORD channel), (lun, channel))
FORWARD(IFDHGetCapabilities, (DWORD lun, DWORD tag, PDWORD length, PUCHAR value), (lun, tag, length, value))
FORWARD(IFDHSetCapabilities, (DWORD lun, DWORD tag, DWORD length, PUCHAR value), (lun, tag, length, value))
FORWARD(IFDHSetProtocolParameters, (DWORD lun, DWORD protocol, UCHAR flags, UCHAR a, UCHAR b, UCHAR c),
        (lun, protocol, flags, a, b, c))
FORWARD(IFDHPowerICC, (DWORD lun, DWORD action, PUCHAR atr, PDWORD length), (lun, action, atr, length))
FORWARD(IFDHTransmitToICC,
        (DWORD lun, SCARD_IO_HEADER send, PUCHAR tx, DWORD tx_length, PUCHAR rx, PDWORD rx_length, PSCARD_IO_HEADER recv),
        (lun, send, tx, tx_length, rx, rx_length, recv))
FORWARD(IFDHICCPresence, (DWORD lun), (lun))

RESPONSECODE IFDHCloseChannel(DWORD lun) {
    RESPONSECODE (*next)(DWORD) = forward("IFDHCloseChannel");
    return next ? next(lun) : IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR tx, DWORD tx_length, PUCHAR rx, DWORD rx_length, LPDWORD written) {
    (void)lun;
    if (is_unplugged()) return IFD_NO_SUCH_DEVICE;
    char path[4096];
    snprintf(path, sizeof path, "%s.control", base);
    FILE *file = fopen(path, "a");
    if (!file) return IFD_COMMUNICATION_ERROR;
    fprintf(file, "%lu ", code - 0x42000000UL);
    for (DWORD i = 0; i < tx_length; i++) fprintf(file, "%02x", tx[i]);
    fputc('\n', file);
    fclose(file);
    if (rx_length >= 2) memcpy(rx, "\x90\x00", 2);
    *written = rx_length >= 2 ? 2 : 0;
    return IFD_SUCCESS;
}
