/// How log lines and the startup report look.
enum LogFormat: String, Sendable {
    /// Text on a terminal, else JSON.
    case auto
    case text
    case json

    /// Whether lines are text, given whether someone looks at them as they come.
    func isText(onTerminal: Bool) -> Bool {
        switch self {
        case .auto: onTerminal
        case .text: true
        case .json: false
        }
    }
}
