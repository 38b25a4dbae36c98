internal import Bytes
internal import Gateway
internal import Logging
internal import Reactor

/// All ways to other machines, used together.
struct MDNSLinks {
    private(set) var all: [MDNSLink]
    private let logger: Logger
    private var hasReported = false

    init(_ links: [MDNSLink] = [], logger: Logger) {
        all = links
        self.logger = logger
    }

    /// - Throws: When the question left by no link.
    mutating func ask(_ question: DNSName) throws(RegistryError) {
        let message = DNSMessage(
            id: .random(in: 0 ... .max), questions: [DNSQuestion(name: question, type: .pointer)])
        guard let bytes = try? DNSWriter.bytes(of: message) else { return }
        if let failure = send({ link throws(SystemError) in try link.ask(bytes) }) {
            throw RegistryError("no question can be sent (\(failure))")
        }
    }

    /// Tells everybody.
    mutating func announce(_ message: DNSMessage) {
        guard let bytes = try? DNSWriter.bytes(of: message) else { return }
        _ = send { link throws(SystemError) in try link.announce(bytes) }
    }

    /// Tells one asker, on the link that the question came by.
    mutating func answer(_ message: DNSMessage, to asker: Address, by link: MDNSLink) {
        guard let bytes = Self.bytes(of: message) else { return }
        do throws(SystemError) { try link.answer(bytes, to: asker) } catch { report(error) }
    }

    mutating func close() {
        for link in all { link.close() }
        all = []
    }

    /// Sends by every link. Returns an error when nothing left by any of them.
    ///
    /// That one link fails is usual: the loopback interface has an IPv6 address, but no way for multicast to it.
    private mutating func send(_ send: (MDNSLink) throws(SystemError) -> Void) -> SystemError? {
        var failure: SystemError?
        var hasLeft = false
        for link in all {
            do throws(SystemError) {
                try send(link)
                hasLeft = true
            } catch {
                failure = error
            }
        }
        guard let failure, !hasLeft else { return nil }
        report(failure)
        return failure
    }

    /// Without compression, as the reference messages are, unless that would make more than one packet of it.
    private static func bytes(of message: DNSMessage) -> [UInt8]? {
        guard let bytes = try? DNSWriter.bytes(of: message) else { return nil }
        return bytes.count <= 1_472 ? bytes : try? DNSWriter.bytes(of: message, compressing: true)
    }

    /// Says once that sending fails. An interface that went down would else fill the log.
    private mutating func report(_ error: SystemError) {
        guard !hasReported else { return }
        hasReported = true
        logger.warning("mdns: a message could not be sent (\(error)); further ones are not reported")
    }
}
