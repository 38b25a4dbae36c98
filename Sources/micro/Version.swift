/// Which micro this is.
enum Version {
    static let number = "0.1.0"

    /// As `micro version` prints it.
    static let text = "micro version \(number)\n"
}
