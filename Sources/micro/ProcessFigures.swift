import Gateway
import Glibc

/// What the system says of this process, which it keeps in memory: reading it waits for nothing.
enum ProcessFigures {
    @Sendable static func now() -> RequestStatistics.Process {
        var process = RequestStatistics.Process(memory: 0, threads: 0)
        guard let file = fopen("/proc/self/stat", "re") else { return process }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        // The name of the program may have blanks in it, and ends with the last bracket.
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return process }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 22, let threads = Int(fields[18]), let pages = Int(fields[22]) else { return process }
        process.threads = threads
        process.memory = pages * sysconf(Int32(_SC_PAGESIZE))
        return process
    }
}
