internal import Gateway
internal import HTTP

/// A path of an OpenAPI document: literals, and parameters for whole segments.
struct TemplatePath {
    struct Parameter {
        /// Unique in the path.
        var name: String
        /// The field that the segment is, or is a part of. Nil for one that says nothing.
        let field: String?
        /// Whether the segment is all of the field.
        let isWhole: Bool
        /// Whether it stands for any number of segments.
        let isRest: Bool
    }

    private enum Piece {
        case literal(String)
        case parameter(Int)
    }

    private var pieces: [Piece] = []
    private(set) var parameters: [Parameter] = []
    private let verb: String

    /// A path without parameters.
    init(literal path: String) {
        pieces = [.literal(String(path.dropFirst()))]
        verb = ""
    }

    /// Of `/v1/{name=shelves/*}`, what is literal in the variable stays so: `/v1/shelves/{name}`.
    init(_ template: PathTemplate) {
        verb = template.verb.map { ":" + PercentEncoding.encode($0) } ?? ""
        for (index, segment) in template.segments.enumerated() {
            if case .literal(let text) = segment {
                pieces.append(.literal(PercentEncoding.encode(text)))
                continue
            }
            let variable = template.variables.first { $0.segments.contains(index) }
            pieces.append(.parameter(parameters.count))
            parameters.append(
                Parameter(
                    name: unusedName(variable?.field ?? "segment"), field: variable?.field,
                    isWhole: variable?.segments.count == 1, isRest: segment == .rest))
        }
    }

    private func unusedName(_ name: String) -> String {
        let isUsed = { (name: String) in parameters.contains { $0.name == name } }
        guard isUsed(name) else { return name }
        return (2...).lazy.map { "\(name)_\($0)" }.first { !isUsed($0) } ?? name
    }

    /// Such as `/v1/shelves/{name}`.
    var text: String { written { "{\($0.name)}" } }

    /// The same for all paths that differ in the names of parameters only, which OpenAPI takes for one.
    var shape: String { written { _ in "{}" } }

    /// A path that it stands for.
    var sample: String { written { _ in "~sample~" } }

    private func written(_ parameter: (Parameter) -> String) -> String {
        let segments = pieces.map { piece in
            switch piece {
            case .literal(let text): text
            case .parameter(let index): parameter(parameters[index])
            }
        }
        return "/" + segments.joined(separator: "/") + verb
    }

    /// The same path with other names of parameters.
    func named(_ names: [String]) -> TemplatePath {
        var path = self
        for (index, name) in names.enumerated() where index < parameters.count { path.parameters[index].name = name }
        return path
    }
}
