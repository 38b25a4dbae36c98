internal import Bytes
internal import COpenSSL

/// What an authority says about the revocation of a certificate (RFC 6960), to be handed to clients with it (RFC 6066, 8).
struct OCSPStaple: Sendable {
    let response: [UInt8]
    /// The last second in which it may be shown, since 1970.
    let lastSecond: Int

    /// - Parameters:
    ///   - response: In DER form.
    ///   - chain: The certificate, and that of its authority.
    ///   - now: Seconds since 1970.
    /// - Throws: Unless the response is properly signed, about this certificate, good, and valid now.
    init(der response: [UInt8], for chain: [LibraryObject], now: Int) throws(TLSProblem) {
        self.response = response
        guard chain.count > 1 else {
            throw TLSProblem("the file of the certificate must also hold that of its authority, to check the response")
        }
        lastSecond = try Self.withBasicResponse(response) { basic throws(TLSProblem) -> Int in
            try Self.checkSignature(basic, chain)
            return try Self.lastGoodSecond(basic, chain, now: now)
        }
    }

    private static func withBasicResponse<Result>(
        _ der: [UInt8], _ body: (OpaquePointer) throws(TLSProblem) -> Result
    ) throws(TLSProblem) -> Result {
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var start = bytes.baseAddress
            return d2i_OCSP_RESPONSE(nil, &start, bytes.count)
        }
        guard let parsed else { throw TLSProblem("it is no OCSP response in DER form: \(TLSLibrary.takeReason())") }
        defer { OCSP_RESPONSE_free(parsed) }
        let status = OCSP_response_status(parsed)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL, let basic = OCSP_response_get1_basic(parsed) else {
            throw TLSProblem("it is no answer but the error \(String(cString: OCSP_response_status_str(Int(status))))")
        }
        defer { OCSP_BASICRESP_free(basic) }
        return try body(basic)
    }

    /// Signed by the authority itself, or by someone whom it has authorised.
    private static func checkSignature(_ basic: OpaquePointer, _ chain: [LibraryObject]) throws(TLSProblem) {
        guard let store = X509_STORE_new(), let stack = copenssl_new_chain() else {
            throw TLSProblem(TLSLibrary.takeReason())
        }
        defer {
            X509_STORE_free(store)
            copenssl_free_chain(stack)
        }
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        for certificate in chain.dropFirst() {
            X509_STORE_add_cert(store, certificate.pointer)
            _ = copenssl_append_to_chain(stack, certificate.pointer)
        }
        guard OCSP_basic_verify(basic, stack, store, 0) == 1 else {
            throw TLSProblem("its signature is not that of the certificate's authority: \(TLSLibrary.takeReason())")
        }
    }

    private static func lastGoodSecond(
        _ basic: OpaquePointer, _ chain: [LibraryObject], now: Int
    ) throws(TLSProblem) -> Int {
        let name = OCSP_cert_to_id(EVP_sha1(), chain[0].pointer, chain[1].pointer)
        defer { OCSP_CERTID_free(name) }
        var (status, reason): (CInt, CInt) = (0, 0)
        var revoked: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var thisUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var nextUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        guard OCSP_resp_find_status(basic, name, &status, &reason, &revoked, &thisUpdate, &nextUpdate) == 1 else {
            throw TLSProblem("it says nothing about this certificate")
        }
        guard status == V_OCSP_CERTSTATUS_GOOD else {
            throw TLSProblem("it says that the certificate is \(String(cString: OCSP_cert_status_str(Int(status))))")
        }
        let first = CertificateFacts.seconds(thisUpdate.map { UnsafePointer($0) }) ?? .max
        // Without an end the response is good until newer information is there; a day is what we believe of that.
        let last = nextUpdate.map { CertificateFacts.seconds(UnsafePointer($0)) ?? 0 } ?? (first &+ 86_400)
        guard first <= now + 300 else { throw TLSProblem("it is not valid yet") }
        guard now <= last else { throw TLSProblem("it has expired on \(Moment(seconds: last).day); fetch a new one") }
        return last
    }
}
