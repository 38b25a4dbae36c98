import ACME
import Logging
import Reactor
import Transports

/// Makes TLS out of the configuration. What is wrong with it ends the program before anything is served.
enum Encryption {
    /// TLS with clients; nil when none is configured.
    static func withClients(
        _ security: ApplianceConfiguration.Security?, on loop: EpollEventLoop, logger: Logger
    ) async throws(StartFailure) -> (any CertificateSource)? {
        guard let security else { return nil }
        if let acme = security.acme { return try keeper(acme, security, on: loop, logger: logger) }
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

    /// Certificates that we get by ourselves.
    private static func keeper(
        _ acme: ACMEConfiguration, _ security: ApplianceConfiguration.Security, on loop: EpollEventLoop, logger: Logger
    ) throws(StartFailure) -> CertificateKeeper {
        let usual = ACMEConfiguration.standardStateDirectory(ProcessEnvironment.variables())
        guard let directory = acme.stateDirectory ?? usual else {
            throw StartFailure(
                "ACME: there is no HOME to keep keys and certificates in: name a folder with --acme_state_dir",
                code: ExitCode.configuration)
        }
        do throws(ACMEFailure) {
            var policy = TLSServerContext.Policy()
            policy.clientCertificates = security.clientCertificates
            policy.refusesUnknownNames = security.refusesUnknownNames
            return try CertificateKeeper(
                acme, in: directory, policy: policy, clientAuthorities: try clientAuthorities(security),
                userAgent: "micro/\(Version.number)", on: loop, logger: logger)
        } catch {
            throw StartFailure("ACME: \(error.sentence)", code: ExitCode.configuration)
        }
    }

    private static func clientAuthorities(
        _ security: ApplianceConfiguration.Security
    ) throws(ACMEFailure) -> [UInt8]? {
        do throws(TLSProblem) {
            return try security.files.clientAuthorities.map { path throws(TLSProblem) in
                try TLSFiles.authorities(in: path)
            }
        } catch {
            throw ACMEFailure(.local, error.sentence)
        }
    }

    /// TLS with nodes, which is there whether one of them wants it or not.
    ///
    /// - Parameter protocols: What nodes are offered by ALPN. Default HTTP/1.1.
    static func withNodes(
        _ security: ApplianceConfiguration.NodeSecurity, protocols: [String] = ["http/1.1"]
    ) throws(StartFailure) -> TLSClientContext {
        do throws(TLSProblem) {
            let authorities = try security.authorities.map { path throws(TLSProblem) in
                try TLSFiles.authorities(in: path)
            }
            return try TLSClientContext(
                protocols: protocols, authorities: authorities, verifies: security.verifies)
        } catch {
            throw StartFailure("--tls_ca_file: \(error.sentence)", code: ExitCode.configuration)
        }
    }
}

extension Composition {
    /// `https` when clients are spoken to by TLS.
    var scheme: String { configuration.security == nil ? "http" : "https" }

    /// What a client on this machine asks.
    func url(port: UInt16) -> String { "\(scheme)://\(ownHosts.first ?? "localhost"):\(port)" }

    /// The hosts that certificates are got for.
    var ownHosts: [String] { configuration.security?.acme?.hosts ?? [] }
}
