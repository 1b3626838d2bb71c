/* Before a FIFO stands for an input device: answers the kernel's requests to one as the kernel does, and
 * writes them down. `cc -shared -fPIC`, LD_PRELOAD; GRAB_LOG names the file, GRAB_BUSY makes another program
 * the owner. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/input.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static void note(const char *text) {
    FILE *log = getenv("GRAB_LOG") ? fopen(getenv("GRAB_LOG"), "a") : NULL;
    if (log) {
        fprintf(log, "%s\n", text);
        fclose(log);
    }
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    struct stat status;
    if (!fstat(descriptor, &status) && S_ISFIFO(status.st_mode)) {
        if (request == EVIOCGRAB) {
            if (getenv("GRAB_BUSY")) {
                errno = EBUSY;
                return -1;
            }
            note(argument ? "grab" : "release");
            return 0;
        }
        if (request == EVIOCSCLOCKID) {
            note(*(int *)argument == 1 ? "monotonic" : "other clock");
            return 0;
        }
        if (_IOC_TYPE(request) == 'E' && _IOC_NR(request) == 0x06) {
            strncpy(argument, "Honeywell 1950g", _IOC_SIZE(request));
            return 16;
        }
    }
    int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    return next(descriptor, request, argument);
}
