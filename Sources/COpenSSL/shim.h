#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/params.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The macros of OpenSSL that Swift cannot see. */

static inline CMS_ContentInfo *copenssl_envelope(X509 **certificates, int count) {
    STACK_OF(X509) *stack = sk_X509_new_null();
    for (int index = 0; index < count; index++) sk_X509_push(stack, certificates[index]);
    CMS_ContentInfo *content =
        CMS_encrypt(stack, NULL, EVP_aes_256_cbc(), CMS_STREAM | CMS_BINARY);
    sk_X509_free(stack);
    return content;
}

/* A filter in front of `output` that hashes whatever goes through it; NULL when there is none. */
static inline BIO *copenssl_hashing(BIO *output) {
    BIO *filter = BIO_new(BIO_f_md());
    if (filter != NULL && BIO_set_md(filter, EVP_sha256()) == 1) return BIO_push(filter, output);
    BIO_free(filter);
    return NULL;
}

/* The digest of a hashing filter, 32 bytes; 1 when it is there. */
static inline int copenssl_hash(BIO *filter, unsigned char *digest) {
    return BIO_gets(filter, (char *)digest, 32) == 32;
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

static inline int copenssl_flush(BIO *output) { return BIO_flush(output) == 1; }

/* A detached signature by exactly this certificate's key; certificates inside the message are nobody's. */
static inline int copenssl_is_signed(const unsigned char *bytes, long count, X509 *certificate, BIO *content) {
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &bytes, count);
    if (message == NULL) return 0;
    STACK_OF(X509) *stack = sk_X509_new_null();
    sk_X509_push(stack, certificate);
    unsigned int flags =
        CMS_DETACHED | CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY;
    int isSigned = OBJ_obj2nid(CMS_get0_type(message)) == NID_pkcs7_signed
        && CMS_verify(message, stack, NULL, content, NULL, flags) == 1;
    sk_X509_free(stack);
    CMS_ContentInfo_free(message);
    return isSigned;
}

static inline EVP_PKEY *copenssl_p256(void) { return EVP_EC_gen("P-256"); }

/* A certificate of a signing key, signed by itself. */
static inline X509 *copenssl_self_signed(EVP_PKEY *key, const char *name, long from, long until) {
    X509 *made = X509_new();
    if (made == NULL) return NULL;
    unsigned char serial[8];
    RAND_bytes(serial, sizeof serial);
    serial[0] &= 0x7F;
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made));
    BN_free(number);
    X509_set_version(made, 2);
    ASN1_TIME_set(X509_getm_notBefore(made), from);
    ASN1_TIME_set(X509_getm_notAfter(made), until);
    X509_set_pubkey(made, key);
    X509_NAME *subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made, subject);
    X509_EXTENSION *usage =
        X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature");
    if (usage != NULL) X509_add_ext(made, usage, -1);
    X509_EXTENSION_free(usage);
    if (X509_sign(made, key, EVP_sha256()) == 0) {
        X509_free(made);
        return NULL;
    }
    return made;
}

/* Has the kernel begin to write to disk what a file below `output` has got; it waits for nothing. */
static inline void copenssl_start_writing(BIO *output) {
    FILE *file = NULL;
    if (BIO_get_fp(output, &file) != 1 || file == NULL) return;
    const unsigned write_only = 2; /* SYNC_FILE_RANGE_WRITE, which fcntl.h keeps for GNU sources */
    syscall(SYS_sync_file_range, fileno(file), 0L, 0L, write_only);
}
