/// Collects descriptors of files, in any order and from any number of answers, and makes a schema of them.
package struct SchemaBuilder: Sendable {
    private let limits: SchemaLimits
    private var files: [ProtoFile] = []
    private var contents: [String: [UInt8]] = [:]
    /// All files together, in bytes.
    package private(set) var size = 0

    package init(limits: SchemaLimits = SchemaLimits()) {
        self.limits = limits
    }

    /// Adds what `protoc --include_imports --descriptor_set_out` writes (`google.protobuf.FileDescriptorSet`).
    ///
    /// - Throws: `malformed`, `tooLarge` or `conflictingFiles`. The files before the one in question have then been added.
    package mutating func add(fileDescriptorSet bytes: Span<UInt8>) throws(SchemaProblem) {
        var reader = DescriptorReader(bytes)
        var places: [Range<Int>] = []
        do throws(WireProblem) {
            while let tag = try reader.next() {
                if tag.number == 1 { places.append(try reader.range(tag)) } else { try reader.skip(tag) }
            }
        } catch {
            throw .malformed(file: "", reason: "\(error.reason) at byte \(error.offset)")
        }
        for place in places { try add(file: bytes.extracting(place)) }
    }

    /// Adds one file (`google.protobuf.FileDescriptorProto`), as reflection sends it. One that is here already, byte by
    /// byte the same, is ignored.
    ///
    /// - Throws: `malformed`, `tooLarge` or `conflictingFiles`.
    package mutating func add(file bytes: Span<UInt8>) throws(SchemaProblem) {
        guard size + bytes.count <= limits.bytes else { throw .tooLarge("more than \(limits.bytes) bytes") }
        guard files.count < limits.files else { throw .tooLarge("more than \(limits.files) files") }
        var file = ProtoFile()
        do throws(WireProblem) {
            file = try ProtoFile(DescriptorReader(bytes))
        } catch {
            throw .malformed(file: file.name, reason: "\(error.reason) at byte \(error.offset)")
        }
        let content = bytes.withUnsafeBufferPointer { Array($0) }
        if let known = contents[file.name] {
            guard known == content else { throw .conflictingFiles(file.name) }
            return
        }
        contents[file.name] = content
        size += bytes.count
        files.append(file)
    }

    /// The names of the files that are here.
    package var fileNames: [String] { files.map(\.name) }

    /// The files that others import and that are not here, each once: what to ask the server for next.
    package var missingImports: [String] {
        var seen = Set(contents.keys)
        return files.flatMap(\.dependencies).filter { seen.insert($0).inserted }
    }

    /// Differs whenever the files differ, whatever their order. It is another one in each process.
    package var fingerprint: Int {
        var hasher = Hasher()
        for (name, content) in contents.sorted(by: { $0.key < $1.key }) {
            hasher.combine(name)
            hasher.combine(content)
        }
        return hasher.finalize()
    }

    /// Makes the schema. A missing import does no harm unless a type of it is needed: many are there for options only.
    ///
    /// - Throws: The first problem found, of any kind but `malformed` and `conflictingFiles`.
    package func build() throws(SchemaProblem) -> SchemaSet {
        try refuseCircles()
        var assembly = SchemaAssembly(missingImports: missingImports, maximumTypes: limits.types)
        for file in files { try assembly.declare(file) }
        return try assembly.finish()
    }

    /// Takes away files all of whose imports are gone, until none is left.
    private func refuseCircles() throws(SchemaProblem) {
        var waiting: [String: Int] = [:]
        var users: [String: [String]] = [:]
        for file in files {
            let imports = Set(file.dependencies.filter { contents[$0] != nil })
            waiting[file.name] = imports.count
            for name in imports { users[name, default: []].append(file.name) }
        }
        var ready = waiting.filter { $0.value == 0 }.map(\.key)
        while let name = ready.popLast() {
            waiting[name] = nil
            for user in users[name] ?? [] {
                waiting[user]? -= 1
                if waiting[user] == 0 { ready.append(user) }
            }
        }
        guard waiting.isEmpty else { throw .circularImports(waiting.keys.sorted().prefix(10).map(\.self)) }
    }
}
