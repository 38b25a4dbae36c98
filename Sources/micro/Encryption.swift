import Logging
import Reactor
import Transports

/// Makes TLS out of the configuration. What is wrong with it ends the program before anything is served.
enum Encryption {
    /// TLS with clients; nil when none is configured.
    static func withClients(
        _ security: ApplianceConfiguration.Security?, on loop: EpollEventLoop, logger: Logger
    ) async throws(StartFailure) -> CertificateWatch? {
        guard let security else { return nil }
        do throws(TLSProblem) {
            // In front of the first look, so that a change in between is noticed.
            let state = security.files.state()
            let content = try security.files.load()
            var policy = TLSServerContext.Policy()
            policy.clientCertificates = security.clientCertificates
            policy.refusesUnknownNames = security.refusesUnknownNames
            let context = try TLSServerContext(
                policy: policy, identities: content.identities, authorities: content.authorities)
            return CertificateWatch(
                security.files, state: state, context: context, warnings: content.warnings, on: loop, logger: logger)
        } catch {
            throw StartFailure("TLS: \(error.sentence)", code: ExitCode.configuration)
        }
    }

    /// TLS with nodes, which is there whether one of them wants it or not.
    static func withNodes(
        _ security: ApplianceConfiguration.NodeSecurity
    ) throws(StartFailure) -> TLSClientContext {
        do throws(TLSProblem) {
            let authorities = try security.authorities.map { path throws(TLSProblem) in
                try TLSFiles.authorities(in: path)
            }
            return try TLSClientContext(authorities: authorities, verifies: security.verifies)
        } catch {
            throw StartFailure("--tls_ca_file: \(error.sentence)", code: ExitCode.configuration)
        }
    }
}

extension Composition {
    /// `https` when clients are spoken to by TLS.
    var scheme: String { configuration.security == nil ? "http" : "https" }
}
