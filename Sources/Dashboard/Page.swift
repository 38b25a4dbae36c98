internal import Bytes
internal import Gateway
internal import HTTP

/// The pages that need no script: what is registered, for people, terminals and old bookmarks.
struct Page {
    /// Whether there is a page `/stats`.
    let hasStatistics: Bool
    let visitor: Visitor

    /// Who looks at a page, and where one becomes known.
    struct Visitor {
        /// Nil for somebody unknown.
        var account: String?
        /// Nil without such a page.
        var loginURL: String?

        fileprivate var links: HTML {
            let name = account.map { name -> HTML in " · Logged in as: \(name)" } ?? ""
            let word = account == nil ? "Login" : "Account"
            let link = loginURL.map { url -> HTML in " · <a href=\"\(url)\">\(word)</a>" } ?? ""
            return "\(link)\(name)"
        }
    }

    /// `/services`: the web applications and all services, each with a link.
    func services(_ catalog: Catalog, _ applications: [WebApplication]) -> String {
        let rows = catalog.names.map { name -> [HTML] in
            let versions = catalog.versions(of: name)
            let count = versions.reduce(0) { $0 + $1.nodes.count }
            let text = versions.map { $0.version.isEmpty ? "no version" : $0.version }.joined(separator: ", ")
            let link: HTML = "<a href=\"service/\(PercentEncoding.encode(name))\">\(name)</a>"
            return [link, "\(text)", "\(Self.nodes(count))"]
        }
        let table = Self.table("Services", ["Service", "Version", "Nodes"], rows)
        let empty: HTML = "<p>No service is registered yet. Try <code>micro demo</code>.</p>\n"
        return page(
            title: "Services", root: "",
            """
            \(applications.isEmpty ? "" : Self.grid(applications))<section class="panel"><h2>Services</h2>
            \(rows.isEmpty ? empty : table)</section>
            """)
    }

    /// `/service/{name}`: where its versions run, and what they can be asked.
    func service(_ name: String, _ versions: [Service]) -> String {
        let panels = versions.map { version -> HTML in
            """
            <section class="panel"><h2>Version: \(version.version)</h2>
            \(Self.nodes(of: version))</section>

            """
        }
        let endpoints = versions.first?.endpoints ?? []
        let described: HTML = """
            <section class="panel"><h2>Endpoints</h2><div class="endpoints">
            \(endpoints.map(Self.block))</div></section>

            """
        return page(
            title: name, root: "../",
            """
            <p><a href="../services">← All services</a> · \
            <a href="../#service=\(PercentEncoding.encode(name))">Call it</a></p>
            \(panels)\(endpoints.isEmpty ? "" : described)
            """)
    }

    /// `/stats`: what this listener has answered. A script keeps it new; without it, it shows the moment of its loading.
    func statistics(_ report: StatisticsReport, _ gateways: [StatusFacts.Gateway]) -> String {
        let kinds = report.kinds
        let rows = report.buckets.reversed().map { bucket -> HTML in
            let cells = kinds.map { kind -> HTML in "<td>\(bucket.counts[kind] ?? 0)</td>" }
            return """
                <tr><th scope="row">\(Self.moment(bucket.start))</th><td>\(bucket.total)</td>\(cells)</tr>

                """
        }
        let none: HTML = "<tr><td colspan=\"\(kinds.count + 2)\">No request has been answered yet.</td></tr>\n"
        let others = gateways.map { gateway -> HTML in
            "<li><a href=\"\(gateway.url)/stats\">Those of the gateway \(gateway.name)</a></li>\n"
        }
        let heads = kinds.map { kind -> HTML in "<th scope=\"col\">\(kind)xx</th>" }
        let process = "\(report.memory) of memory, \(report.process.threads) threads"
        return page(
            title: "Statistics", root: "", script: "stats.js",
            """
            <section class="panel"><p id="process">Of the dashboard and the web services behind it, since \
            \(Self.moment(report.started)); \(process).</p>
            <div id="trouble" role="status"></div>
            <div class="scroll" tabindex="0" role="region" aria-label="Requests by status">
            <table id="counts"><caption>Requests in \(RequestStatistics.bucketLength) seconds each, by status</caption>
            <thead><tr><th scope="col">From</th><th scope="col">All</th>\(heads)</tr></thead><tbody>
            \(rows.isEmpty ? none : "")\(rows)</tbody></table>
            </div>
            <ul>
            \(others)</ul></section>
            """)
    }

    /// An error, for the person who asked.
    ///
    /// - Parameter path: What was asked for, from which the page finds the way to the dashboard; nil where there is none
    ///   for who asked.
    static func error(_ status: Status, _ sentence: String, at path: String?) -> String {
        let title = "\(status.code) \(status.reason)"
        let root = path.map { path in String(repeating: "../", count: max(path.count { $0 == "/" } - 1, 0)) }
        let style = root.map { root -> HTML in "<link rel=\"stylesheet\" href=\"\(root)app.css\">\n" }
        let way = root.map { root -> HTML in "<p><a href=\"\(root)./\">← Dashboard</a></p>\n" }
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) – Micro</title>
            \(style ?? "")<main class="plain">
            <div class="notice">
            <h1>\(title)</h1>
            <p>\(sentence)</p>
            \(way ?? "")</div>
            </main>
            </html>

            """
        return page.text
    }

    /// - Parameters:
    ///   - root: The way to the dashboard's root, so that the page works behind a path prefix too.
    ///   - script: Of `Public`. Default none.
    private func page(title: String, root: String, script: String = "", _ content: HTML) -> String {
        let script: HTML = script.isEmpty ? "" : "<script src=\"\(root)\(script)\" defer></script>\n"
        let stats: HTML = hasStatistics ? " · <a href=\"\(root)stats\">Stats</a>" : ""
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) – Micro</title>
            <link rel="icon" href="\(root)icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="\(root)app.css">
            \(script)</head>
            <body>
            <header class="bar">
            <a class="brand" href="\(root)./"><img src="\(root)icon.svg" alt="" width="28" height="28">Micro</a>
            <nav class="facts" aria-label="Pages"><a href="\(root)client">Client</a> · <a href="\(root)services">Services</a>\
            \(stats)\(visitor.links)</nav>
            </header>
            <main class="plain detail">
            <h1>\(title)</h1>
            \(content)
            </main>
            </body>
            </html>

            """
        return page.text
    }

    // MARK: Parts

    private static func grid(_ applications: [WebApplication]) -> HTML {
        let tiles = applications.map { application -> HTML in
            guard !application.isShadowed else {
                return """
                    <li><p class="app"><span class="letter" aria-hidden="true">\(application.title.prefix(1))</span>\
                    \(application.title) – the dashboard has a page of this name, so \(application.service) cannot be \
                    opened here</p></li>

                    """
            }
            let letter: HTML = "<span class=\"letter\" aria-hidden=\"true\">\(application.title.prefix(1))</span>"
            let picture = application.icon.map { icon -> HTML in
                "<img class=\"letter\" src=\"\(icon)\" alt=\"\" width=\"34\" height=\"34\">"
            }
            return """
                <li><a class="app" href="\(application.reference)">\(picture ?? letter)\(application.title)</a></li>

                """
        }
        return "<section class=\"panel\"><h2>Web applications</h2><ul class=\"apps\">\n\(tiles)</ul></section>\n"
    }

    private static func nodes(of version: Service) -> HTML {
        guard !version.nodes.isEmpty else { return "<p>It has no nodes.</p>\n" }
        let rows = version.nodes.map { node -> [HTML] in
            ["\(node.id)", "\(node.address)", "\(node.metadata.isEmpty ? "none" : pairs(node.metadata))"]
        }
        return table("Nodes of version \(version.version)", ["Id", "Address", "Metadata"], rows)
    }

    /// A table, with its roles said aloud because a narrow screen lays it out as blocks, each cell with its heading.
    private static func table(_ label: String, _ headings: [String], _ rows: [[HTML]]) -> HTML {
        let heads = headings.map { heading -> HTML in "<th role=\"columnheader\" scope=\"col\">\(heading)</th>" }
        let body = rows.map { row -> HTML in
            let cells = zip(headings, row).map { heading, cell -> HTML in
                "<td role=\"cell\" data-heading=\"\(heading)\">\(cell)</td>"
            }
            return "<tr role=\"row\">\(cells)</tr>\n"
        }
        return """
            <table role="table" aria-label="\(label)"><thead role="rowgroup"><tr role="row">\(heads)</tr></thead>\
            <tbody role="rowgroup">
            \(body)</tbody></table>

            """
    }

    /// A moment in UTC, which the script shows as that of the reader's zone.
    private static func moment(_ seconds: Int) -> HTML {
        let text = Moment(seconds: seconds).text()
        return "<time datetime=\"\(text)\">\(text)</time>"
    }

    private static func pairs(_ metadata: [String: String]) -> String {
        metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    private static func block(of endpoint: Endpoint) -> HTML {
        let metadata: HTML =
            endpoint.metadata.isEmpty ? "" : "<h3>Metadata</h3><pre>\(pairs(endpoint.metadata))</pre>\n"
        return """
            <details><summary>\(endpoint.name)</summary><div class="messages">
            \(metadata)<h3>Request</h3><pre>\(message(endpoint.request))</pre>
            <h3>Response</h3><pre>\(message(endpoint.response))</pre>
            </div></details>

            """
    }

    /// `{}`, or a line for each field, as Micro v2 wrote them.
    static func message(_ description: FieldDescription?) -> String {
        guard let description, !description.fields.isEmpty else { return "{}" }
        return "{\n\(lines(description.fields, depth: 1))}"
    }

    private static func lines(_ fields: [FieldDescription], depth: Int) -> String {
        let indent = String(repeating: "\t", count: depth)
        return fields.map { field in
            let line = "\(indent)\(field.name.snakeCased) \(field.type)"
            return field.fields.isEmpty
                ? "\(line)\n" : "\(line) {\n\(lines(field.fields, depth: depth + 1))\(indent)}\n"
        }.joined()
    }

    private static func nodes(_ count: Int) -> String { count == 1 ? "1 node" : "\(count) nodes" }
}

extension String {
    /// `statusCode` as `status_code`.
    fileprivate var snakeCased: String {
        var result = ""
        var mayBreak = false
        for character in self {
            if character.isUppercase, mayBreak { result += "_" }
            result += character.lowercased()
            mayBreak = character.isLowercase || character.isNumber
        }
        return result
    }
}
