internal import COpenSSL

/// An object of OpenSSL that several owners share and that nobody changes once it is here: a certificate, a key, a
/// context, a session.
///
/// Unchecked because OpenSSL's objects have no Swift type that could say so: their counts of references are atomic, and
/// OpenSSL allows any thread to read those kinds of objects that are made here.
final class LibraryObject: @unchecked Sendable {
    let pointer: OpaquePointer
    private let free: @Sendable (OpaquePointer) -> Void

    /// Takes one reference over.
    private init(_ pointer: OpaquePointer, free: @escaping @Sendable (OpaquePointer) -> Void) {
        self.pointer = pointer
        self.free = free
    }

    deinit { free(pointer) }

    static func certificate(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { X509_free($0) } }
    static func key(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { EVP_PKEY_free($0) } }
    static func context(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { SSL_CTX_free($0) } }
    static func session(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { SSL_SESSION_free($0) } }
    static func cipher(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { EVP_CIPHER_free($0) } }

    /// The way in which OpenSSL reads and writes; see `TLSEngine`.
    static func method(_ pointer: OpaquePointer) -> LibraryObject { LibraryObject(pointer) { BIO_meth_free($0) } }
}
