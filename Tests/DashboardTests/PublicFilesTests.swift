import Glibc
import Testing

@testable import Dashboard

struct PublicFilesTests {
    /// The folder of the source tree.
    private static let folder = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Public"

    @Test func `the program holds exactly the files of Public, byte for byte`() throws {
        let names = try Self.names(in: Self.folder)
        #expect(Set(names) == Set(PublicFile.embedded.keys))
        for name in names {
            let onDisk = try #require(PublicFiles.read(name, in: Self.folder))
            #expect(PublicFile.embedded[name] == onDisk, "\(name) differs")
        }
    }

    @Test func `the pages ask for nothing from another host`() throws {
        for (name, file) in PublicFile.embedded {
            let text = String(decoding: file.bytes, as: UTF8.self).replacing("http://www.w3.org/2000/svg", with: "")
            for forbidden in ["http://", "https://", "@import", "innerHTML", "eval("] {
                #expect(!text.contains(forbidden), "\(name) has \(forbidden)")
            }
        }
    }

    @Test func `the page and its style run nothing inline, and have relative addresses only`() throws {
        let style = String(decoding: try #require(PublicFile.embedded["app.css"]).bytes, as: UTF8.self)
        #expect(!style.contains("url("))
        let page = String(decoding: try #require(PublicFile.embedded["index.html"]).bytes, as: UTF8.self)
        let inline = page.firstMatch(of: #/<script(?![^>]*\ssrc=)|<style|\son[a-z]+=|\sstyle=/#)
        #expect(inline?.output == nil)
        let absolute = page.firstMatch(of: #/(src|href)=\x22/[^\x22]*/#)
        #expect(absolute?.output.0 == nil, "behind a path prefix, an absolute address leads nowhere")
    }

    @Test func `the page names every script that another imports, so that all of them come at once`() throws {
        let page = String(decoding: try #require(PublicFile.embedded["index.html"]).bytes, as: UTF8.self)
        let named = page.matches(of: #/rel="modulepreload" href="([^"]+)"/#).map { String($0.1) }
        var imported: Set<String> = []
        for (name, file) in PublicFile.embedded where name.hasSuffix(".js") {
            let imports = String(decoding: file.bytes, as: UTF8.self).matches(of: #/from "\.\/([^"]+)"/#)
            imported.formUnion(imports.map { String($0.1) })
        }
        #expect(imported.count > 10)
        #expect(Set(named) == imported)
        #expect(named.count == imported.count)
        #expect(page.contains(#"<script type="module" src="app.js">"#))
    }

    @Test func `a script has one subject, and is no longer than that takes`() {
        for (name, file) in PublicFile.embedded where name.hasSuffix(".js") {
            let lines = String(decoding: file.bytes, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 250, "\(name)")
            #expect(lines.allSatisfy { $0.count <= 120 }, "\(name)")
        }
    }

    @Test func `all of it together is less than 100 KB`() {
        #expect(PublicFile.embedded.values.reduce(0) { $0 + $1.bytes.count } < 100_000)
    }

    @Test(
        "paths that could leave the directory name nothing",
        arguments: [
            "", "index.html", "/..", "/../x", "/a/../x", "/.", "/./x", "/.git/config", "/%2e%2e/x", "/%2E%2e%2fx",
            "/a%2fb", "/a%5c..%5cx", "/a\\..\\x", "/a%00.html", "/a%0a", "/%", "/%4", "/%zz", "//etc/passwd", "/a//b",
            "/a/", "/%ff", "*",
        ])
    func refused(path: String) {
        #expect(PublicFiles.name(for: path) == nil)
    }

    @Test(
        "paths name files below the directory",
        arguments: [
            ("/", "index.html"), ("/index.html", "index.html"), ("/img/a.png", "img/a.png"), ("/a%20b.txt", "a b.txt"),
            ("/a%252e.txt", "a%2e.txt"),
        ])
    func named(path: String, name: String) {
        #expect(PublicFiles.name(for: path) == name)
    }

    @Test func `a directory serves its files, and nothing that its links lead out to`() throws {
        let root = try TemporaryDirectory()
        try root.write("secret", to: "secret.txt")
        try root.makeDirectory("public")
        try root.write("<p>", to: "public/index.html")
        try root.makeDirectory("public/deep")
        try root.write("x", to: "public/deep/x.txt")
        try root.link("public/out.txt", to: "../secret.txt")
        try root.link("public/up", to: "..")
        try root.link("public/in.txt", to: "deep/x.txt")
        try root.makePipe("public/pipe")
        let directory = root.path + "/public"

        #expect(PublicFiles.read("index.html", in: directory)?.bytes == Array("<p>".utf8))
        #expect(PublicFiles.read("deep/x.txt", in: directory)?.contentType == "text/plain; charset=utf-8")
        #expect(PublicFiles.read("in.txt", in: directory)?.bytes == Array("x".utf8))
        for name in ["out.txt", "up/secret.txt", "../secret.txt", "pipe", "deep", "missing"] {
            #expect(PublicFiles.read(name, in: directory) == nil, "\(name) was served")
        }
    }

    @Test func `a change in the directory shows at the next request`() async throws {
        let root = try TemporaryDirectory()
        let files = PublicFiles.directory(root.path)
        #expect(await files.file(for: "/") == nil)
        try root.write("one", to: "index.html")
        #expect(await files.file(for: "/")?.bytes == Array("one".utf8))
        try root.write("two", to: "index.html")
        #expect(await files.file(for: "/index.html")?.bytes == Array("two".utf8))
        try root.write("<svg/>", to: "icon.svg")
        #expect(await files.file(for: "/favicon.ico")?.contentType == "image/svg+xml")
    }

    @Test func `a directory's file may be 1 MiB long and no longer`() throws {
        let root = try TemporaryDirectory()
        try root.write(String(repeating: "x", count: PublicFiles.maximumSize), to: "fits")
        try root.write(String(repeating: "x", count: PublicFiles.maximumSize + 1), to: "large")
        #expect(PublicFiles.read("fits", in: root.path)?.bytes.count == PublicFiles.maximumSize)
        #expect(PublicFiles.read("large", in: root.path) == nil)
    }

    @Test func `contents that differ have different entity tags`() {
        let tags = ["", "a", "b", "ab", "ba"].map { PublicFile(name: "x", bytes: Array($0.utf8)).entityTag }
        #expect(Set(tags).count == tags.count)
    }

    private static func names(in folder: String) throws -> [String] {
        let directory = try #require(opendir(folder))
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// A directory of a test's own, gone with it.
private final class TemporaryDirectory {
    let path: String
    private var made: [String]

    init() throws {
        var template = Array("/tmp/micro-test-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
        made = [path]
    }

    func write(_ text: String, to name: String) throws {
        let file = try #require(fopen(adding(name), "w"))
        defer { fclose(file) }
        try #require(fputs(text, file) >= 0)
    }

    func makeDirectory(_ name: String) throws { try #require(mkdir(adding(name), 0o700) == 0) }
    func link(_ name: String, to target: String) throws { try #require(symlink(target, adding(name)) == 0) }
    func makePipe(_ name: String) throws { try #require(mkfifo(adding(name), 0o600) == 0) }

    private func adding(_ name: String) -> String {
        made.append("\(path)/\(name)")
        return made[made.count - 1]
    }

    deinit { for path in made.reversed() { remove(path) } }
}
