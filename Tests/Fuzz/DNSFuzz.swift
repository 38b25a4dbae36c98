import Registries

/// Messages of anyone on the network: what is read can be written, and is then read as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(DNSProblem) {
        let message = try DNSReader.message(input)
        for record in message.answers + message.additionals {
            if case .text(let strings) = record.content { _ = try? ServiceTXT.read(strings) }
        }
        for compressing in [false, true] {
            let written: [UInt8]
            do throws(DNSProblem) {
                written = try DNSWriter.bytes(of: message, compressing: compressing)
            } catch {
                continue  // Names that were written once may not fit when they are written out.
            }
            do throws(DNSProblem) {
                let again = try DNSReader.message(written)
                precondition("\(again)" == "\(message)", "another message than was read")
            } catch {
                fatalError("our own message is refused: \(error)")
            }
        }
    } catch {}
    return 0
}
