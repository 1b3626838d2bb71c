#include <dlfcn.h>
#include <string.h>
#include <p11-kit-1/p11-kit/pkcs11.h>

/* A module is reached through the table of functions it hands out, never through a proxy. Attribute
   templates are built here: Swift cannot point into values of its own for as long as a call needs. */

/* Absent from older headers. */
#ifndef CKM_EDDSA
#define CKM_EDDSA 0x1057UL
#endif
#ifndef CKM_EC_EDWARDS_KEY_PAIR_GEN
#define CKM_EC_EDWARDS_KEY_PAIR_GEN 0x1055UL
#endif
#ifndef CKK_EC_EDWARDS
#define CKK_EC_EDWARDS 0x40UL
#endif

/* The functions of the module at a path, not initialised yet; NULL when it is none. */
static inline CK_FUNCTION_LIST_PTR cpkcs11_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return NULL;
    CK_RV (*list)(CK_FUNCTION_LIST_PTR *) =
        (CK_RV (*)(CK_FUNCTION_LIST_PTR *))dlsym(library, "C_GetFunctionList");
    CK_FUNCTION_LIST_PTR functions = NULL;
    if (list == NULL || list(&functions) != CKR_OK || functions == NULL) {
        dlclose(library);
        return NULL;
    }
    return functions;
}

/* Readies a module for several threads; it is shared by the whole process and stays ready. */
static inline CK_RV cpkcs11_initialise(CK_FUNCTION_LIST_PTR functions) {
    CK_C_INITIALIZE_ARGS threads;
    memset(&threads, 0, sizeof threads);
    threads.flags = CKF_OS_LOCKING_OK;
    CK_RV result = functions->C_Initialize(&threads);
    return result == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : result;
}

/* Finds the slot with the initialised token of this label. */
static inline CK_RV cpkcs11_find_token(
    CK_FUNCTION_LIST_PTR functions, const char *label, unsigned long length, CK_SLOT_ID *slot) {
    CK_SLOT_ID slots[256];
    CK_ULONG count = sizeof slots / sizeof slots[0];
    CK_RV result = functions->C_GetSlotList(CK_TRUE, slots, &count);
    if (result != CKR_OK) return result;
    unsigned char padded[32];
    if (length > sizeof padded) return CKR_TOKEN_NOT_PRESENT;
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, length);
    for (CK_ULONG index = 0; index < count; index++) {
        CK_TOKEN_INFO info;
        if (functions->C_GetTokenInfo(slots[index], &info) != CKR_OK) continue;
        if (!(info.flags & CKF_TOKEN_INITIALIZED)) continue;
        if (memcmp(info.label, padded, sizeof padded) != 0) continue;
        *slot = slots[index];
        return CKR_OK;
    }
    return CKR_TOKEN_NOT_PRESENT;
}

static inline CK_RV cpkcs11_open(
    CK_FUNCTION_LIST_PTR functions, CK_SLOT_ID slot, int isWriting, CK_SESSION_HANDLE *session) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (isWriting ? CKF_RW_SESSION : 0);
    return functions->C_OpenSession(slot, flags, NULL, NULL, session);
}

/* The PIN counts for every session of the process at this token. */
static inline CK_RV cpkcs11_login(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, const char *pin, unsigned long length) {
    CK_RV result = functions->C_Login(session, CKU_USER, (unsigned char *)pin, length);
    return result == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : result;
}

static inline void cpkcs11_close(CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session) {
    functions->C_CloseSession(session);
}

/* Makes a key pair that never leaves the token. */
static inline CK_RV cpkcs11_generate(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
    const unsigned char *curve, unsigned long curveLength, const char *label,
    unsigned long labelLength, CK_OBJECT_HANDLE *publicKey, CK_OBJECT_HANDLE *privateKey) {
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE open[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &no, sizeof no},
        {CKA_VERIFY, &yes, sizeof yes},
        {CKA_EC_PARAMS, (void *)curve, curveLength},
        {CKA_LABEL, (void *)label, labelLength},
    };
    CK_ATTRIBUTE secret[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_LABEL, (void *)label, labelLength},
    };
    CK_MECHANISM mechanism = {type, NULL, 0};
    return functions->C_GenerateKeyPair(
        session, &mechanism, open, sizeof open / sizeof open[0], secret,
        sizeof secret / sizeof secret[0], publicKey, privateKey);
}

/* Gives an object its identifier: what a key is found by later. */
static inline CK_RV cpkcs11_identify(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    const unsigned char *identifier, unsigned long length) {
    CK_ATTRIBUTE attribute = {CKA_ID, (void *)identifier, length};
    return functions->C_SetAttributeValue(session, object, &attribute, 1);
}

/* CKA_EC_POINT of a public key, at most `length` bytes. */
static inline CK_RV cpkcs11_point(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    unsigned char *bytes, unsigned long *length) {
    CK_ATTRIBUTE attribute = {CKA_EC_POINT, bytes, *length};
    CK_RV result = functions->C_GetAttributeValue(session, object, &attribute, 1);
    *length = result == CKR_OK ? attribute.ulValueLen : 0;
    return result;
}

/* The private key with this identifier; CKR_KEY_HANDLE_INVALID when there is none. */
static inline CK_RV cpkcs11_find_key(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, const unsigned char *identifier,
    unsigned long length, CK_OBJECT_HANDLE *key) {
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {
        {CKA_CLASS, &kind, sizeof kind},
        {CKA_ID, (void *)identifier, length},
    };
    CK_RV result = functions->C_FindObjectsInit(session, wanted, 2);
    if (result != CKR_OK) return result;
    CK_ULONG count = 0;
    result = functions->C_FindObjects(session, key, 1, &count);
    functions->C_FindObjectsFinal(session);
    if (result != CKR_OK) return result;
    return count == 1 ? CKR_OK : CKR_KEY_HANDLE_INVALID;
}

/* Signs at once; `length` says how many bytes `signature` takes and then how many it holds. */
static inline CK_RV cpkcs11_sign(
    CK_FUNCTION_LIST_PTR functions, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
    CK_OBJECT_HANDLE key, const unsigned char *message, unsigned long messageLength,
    unsigned char *signature, unsigned long *length) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_RV result = functions->C_SignInit(session, &mechanism, key);
    if (result != CKR_OK) return result;
    return functions->C_Sign(session, (unsigned char *)message, messageLength, signature, length);
}
