// The floor of the reader driver: the same exchange by a bare loop over pcsc-lite.
//
// Usage: exchange READER COUNT; prints the nanoseconds of each exchange.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <winscard.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void check(LONG status, const char *what) {
    if (status == SCARD_S_SUCCESS) return;
    fprintf(stderr, "%s: 0x%lx\n", what, (unsigned long)status);
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    long rounds = atol(arguments[2]);
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
    check(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), "context");
    check(SCardConnect(context, arguments[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol),
          "connect");
    check(SCardBeginTransaction(card), "transaction");
    const SCARD_IO_REQUEST *header = protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    const unsigned char *commands[] = {
        (const unsigned char *)"\x00\xa4\x04\x00\x07\xd2\x76\x00\x00\x85\x01\x01\x00",
        (const unsigned char *)"\x00\xa4\x00\x0c\x02\xe1\x03",
        (const unsigned char *)"\x00\xb0\x00\x00\x0f",
    };
    const DWORD lengths[] = {13, 7, 5};
    long long *times = calloc(rounds, sizeof *times);
    for (long i = 0; i < rounds + 2; i++) {
        int which = i < 2 ? (int)i : 2;
        unsigned char answer[300];
        DWORD length = sizeof answer;
        long long start = now();
        check(SCardTransmit(card, header, commands[which], lengths[which], NULL, answer, &length), "transmit");
        if (i >= 2) times[i - 2] = now() - start;
        if (length < 2 || answer[length - 2] != 0x90) return 1;
    }
    for (long i = 0; i < rounds; i++) printf("%lld\n", times[i]);
    free(times);
    SCardEndTransaction(card, SCARD_LEAVE_CARD);
    SCardDisconnect(card, SCARD_LEAVE_CARD);
    SCardReleaseContext(context);
    return 0;
}
