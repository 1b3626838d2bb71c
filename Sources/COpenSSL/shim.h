#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/params.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* The macros of OpenSSL that Swift cannot see. */

static inline CMS_ContentInfo *copenssl_envelope(X509 **certificates, int count) {
    STACK_OF(X509) *stack = sk_X509_new_null();
    for (int index = 0; index < count; index++) sk_X509_push(stack, certificates[index]);
    CMS_ContentInfo *content =
        CMS_encrypt(stack, NULL, EVP_aes_256_cbc(), CMS_STREAM | CMS_BINARY);
    sk_X509_free(stack);
    return content;
}

/* Ends a stream that BIO_new_CMS began and frees its filters, not the output. */
static inline int copenssl_finish(BIO *stream, BIO *output) {
    int isFlushed = BIO_flush(stream) == 1;
    while (stream != NULL && stream != output) {
        BIO *next = BIO_pop(stream);
        BIO_free(stream);
        stream = next;
    }
    return isFlushed;
}
