import ArgumentParser
import Gateway
import JSON

// `micro api` with a second word: what operators declare while the program runs. They edit the running one.

/// `micro api add route`.
struct APIAddCommand: MicroCommand {
    static let configuration = CommandConfiguration(.apiAdd)

    @Argument(help: "What to add: route.")
    var kind: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        _ = try DeclarationKind(kind, for: .apiAdd, among: [.route])
        let (settings, path) = (context.settings, try context.declaredPath())
        var route: JSONObject = [
            "path": .string(path), "methods": settings.declaredMethods,
            "hosts": .array(settings.list(.routeHosts).map { .string($0) }),
            "handler": .string(settings.text(.routeHandler) ?? HandlerKind.rpc.rawValue),
        ]
        let names: [(String, SettingKey)] = [
            ("service", .routeService), ("namespace", .routeNamespace), ("endpoint", .routeEndpoint),
            ("stripPrefix", .routePrefix),
        ]
        for (name, key) in names {
            if let text = settings.text(key) { route[name] = .string(text) }
        }
        return try await context.declare("POST", .route, .object(route))
    }
}

/// `micro api set limit`.
struct APISetCommand: MicroCommand {
    static let configuration = CommandConfiguration(.apiSet)

    @Argument(help: "What to set: limit.")
    var kind: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        _ = try DeclarationKind(kind, for: .apiSet, among: [.limit])
        let path = try context.declaredPath()
        guard let requests = context.settings.number(.limitRequests) else {
            throw .usage("micro api set limit needs --requests, such as --requests=100")
        }
        let window = (context.settings.duration(.limitWindow) ?? .seconds(60)).components
        guard window.attoseconds == 0 else { throw .usage("--window must be whole seconds, such as --window=90s") }
        var limit = context.settings.declaredCondition(of: path)
        limit["requests"] = .integer(requests)
        limit["window"] = .integer(Int(window.seconds))
        return try await context.declare("POST", .limit, .object(limit))
    }
}

/// `micro api list routes` and `micro api list limits`.
struct APIListCommand: MicroCommand {
    static let configuration = CommandConfiguration(.apiList)

    @Argument(help: "What to list: routes or limits.")
    var kind: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let kind = try DeclarationKind(kind, for: .apiList, among: DeclarationKind.allCases, isPlural: true)
        let settings = context.settings
        guard kind == .limit else { return try await context.listRoutes() }
        guard !settings.isGiven(.routePath), !settings.isGiven(.routeOrigin) else {
            throw .usage("--path and --origin have no meaning for limits: all of them are listed")
        }
        return try await context.declare("GET", kind)
    }
}

/// `micro api delete route` and `micro api delete limit`.
struct APIDeleteCommand: MicroCommand {
    static let configuration = CommandConfiguration(.apiDelete)

    @Argument(help: "What to delete: route or limit.")
    var kind: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let kind = try DeclarationKind(kind, for: .apiDelete, among: DeclarationKind.allCases)
        let condition = context.settings.declaredCondition(of: try context.declaredPath())
        return try await context.declare("DELETE", kind, .object(condition))
    }
}

/// What can be declared.
private enum DeclarationKind: String, CaseIterable {
    case route, limit

    var plural: String { "\(rawValue)s" }

    /// - Parameters:
    ///   - word: What was typed; singular and plural both will do.
    ///   - isPlural: Which one the sentence about a wrong one names.
    init(
        _ word: String?, for command: CommandName, among kinds: [DeclarationKind], isPlural: Bool = false
    ) throws(CommandFailure) {
        if let kind = kinds.first(where: { $0.rawValue == word || $0.plural == word }) {
            self = kind
            return
        }
        let choice = kinds.map { "micro \(command.rawValue) \(isPlural ? $0.plural : $0.rawValue)" }.joinedAsChoice
        guard let word else { throw .usage("micro \(command.rawValue) needs another word: \(choice)") }
        throw .usage("micro \(command.rawValue) \(word) is no command: use \(choice)")
    }
}

extension CommandContext {
    fileprivate func declaredPath() throws(CommandFailure) -> String {
        guard let path = settings.text(.routePath), !path.isEmpty else {
            throw .usage("micro \(settings.command.rawValue) needs --path, such as --path=/user")
        }
        return path
    }

    /// Prints all routes of the running program, or those that are asked for, and says if there are more.
    fileprivate func listRoutes() async throws(CommandFailure) -> Int32 {
        do throws(DirectoryError) {
            let appliance = try await DirectoryChoice.appliance(for: settings, outside: outside)
            let asked = [("origin", settings.text(.routeOrigin)), ("path", settings.text(.routePath))]
            let list = try await appliance.routes(asked.compactMap { name, value in value.map { (name, $0) } })
            terminal.print(DeclarationText.routes(list["routes"]?.arrayValue ?? []))
            if let omitted = list["omitted"]?.intValue, omitted > 0 {
                terminal.complain(
                    "micro: \(omitted) of \(list["total"]?.intValue ?? omitted) routes are not shown; ask for fewer with"
                        + " --path=/v1 or --origin=registry\n")
            }
            return ExitCode.success
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Has the running program do it, and prints what has come of it.
    fileprivate func declare(
        _ method: String, _ kind: DeclarationKind, _ body: JSONValue? = nil
    ) async throws(CommandFailure) -> Int32 {
        do throws(DirectoryError) {
            let appliance = try await DirectoryChoice.appliance(for: settings, outside: outside)
            let list = try await appliance.declarations(method, kind.plural, body)
            let lines = kind == .route ? DeclarationText.routes(list) : DeclarationText.limits(list)
            terminal.print(method == "DELETE" ? "ok\n" : lines)
            return ExitCode.success
        } catch {
            throw CommandFailure(error)
        }
    }
}

extension Settings {
    /// Methods and hosts are left out where none is named.
    fileprivate func declaredCondition(of path: String) -> JSONObject {
        var object: JSONObject = ["path": .string(path)]
        if isGiven(.routeMethods) { object["methods"] = declaredMethods }
        if isGiven(.routeHosts) {
            object["hosts"] = .array(list(.routeHosts).map { .string($0.lowercased() == "any" ? "*" : $0) })
        }
        return object
    }

    /// Methods as everyone writes them, in capitals; `any` is the word for all of them in lists.
    fileprivate var declaredMethods: JSONValue {
        .array(list(.routeMethods).map { .string($0.lowercased() == "any" ? "*" : $0.uppercased()) })
    }
}
