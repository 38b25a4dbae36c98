// The parts of OpenSSL 3 that the product uses. What OpenSSL has as macros, Swift sees as the functions below: they do
// nothing else than the macro of the same meaning.
#pragma once

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/ocsp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Contexts

static inline void copenssl_use_modern_versions(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

static inline void copenssl_refuse_renegotiation_and_compression(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

static inline void copenssl_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }

static inline int copenssl_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}

static inline void copenssl_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline void copenssl_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

static inline void copenssl_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *)) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
}

// Connections

static inline int copenssl_set_server_name(SSL *connection, const char *name) {
    return (int)SSL_set_tlsext_host_name(connection, name);
}

/// Gives a copy of the response to the connection. Returns 1, or 0 without memory.
static inline int copenssl_staple(SSL *connection, const unsigned char *response, size_t length) {
    unsigned char *copy = OPENSSL_memdup(response, length);
    if (copy == NULL) return 0;
    SSL_set_tlsext_status_ocsp_resp(connection, copy, (long)length);
    return 1;
}

static inline unsigned long copenssl_reason(unsigned long error) { return (unsigned long)ERR_GET_REASON(error); }

static inline void copenssl_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void copenssl_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void copenssl_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

/// Authenticates tickets with HMAC and SHA-256. Returns 1, or 0 when OpenSSL refuses.
static inline int copenssl_set_ticket_mac(EVP_MAC_CTX *mac, const unsigned char *key, size_t length) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters);
}

// Certificates

static inline STACK_OF(X509) * copenssl_new_chain(void) { return sk_X509_new_null(); }

/// Adds a certificate and keeps a reference of its own. Returns 1, or 0 without memory.
static inline int copenssl_append_to_chain(STACK_OF(X509) * chain, X509 *certificate) {
    if (!X509_up_ref(certificate)) return 0;
    if (sk_X509_push(chain, certificate) > 0) return 1;
    X509_free(certificate);
    return 0;
}

static inline void copenssl_free_chain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

/// The subject's alternative names, or NULL. To be freed by the function after the next.
static inline GENERAL_NAMES *copenssl_alternative_names(const X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int copenssl_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline void copenssl_free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

/// The bytes of a DNS name or an IP address, or NULL for a name of another kind.
static inline const unsigned char *copenssl_name(const GENERAL_NAMES *names, int index, int *kind, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    int type = 0;
    const ASN1_STRING *text = GENERAL_NAME_get0_value(name, &type);
    *kind = type;
    if (type != GEN_DNS && type != GEN_IPADD) return NULL;
    *length = ASN1_STRING_length(text);
    return ASN1_STRING_get0_data(text);
}

/// Prints the subject as RFC 4514 writes it.
static inline void copenssl_print_subject(BIO *bio, const X509 *certificate) {
    X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
}

/// How many revocation lists a store has.
static inline int copenssl_revocation_list_count(const X509_STORE *store) {
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects((X509_STORE *)store);
    int count = 0;
    for (int index = 0; index < sk_X509_OBJECT_num(objects); index++)
        count += X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, index)) == X509_LU_CRL;
    return count;
}

/// Tells clients whose certificates are taken: every subject in the store.
static inline void copenssl_name_client_authorities(SSL_CTX *context, X509_STORE *store) {
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    for (int index = 0; index < sk_X509_OBJECT_num(objects); index++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, index));
        if (certificate != NULL) SSL_CTX_add_client_CA(context, certificate);
    }
}

/// Adds alternative names, such as `DNS:a.example`, to a request for a certificate. Returns 1, or 0 when OpenSSL refuses.
static inline int copenssl_request_names(X509_REQ *request, const char *names) {
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, names);
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    int result = 0;
    if (extension != NULL && list != NULL && sk_X509_EXTENSION_push(list, extension) > 0) {
        result = X509_REQ_add_extensions(request, list);
        extension = NULL;
    }
    X509_EXTENSION_free(extension);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return result;
}
