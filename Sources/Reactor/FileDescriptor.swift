internal import CLinux
internal import Glibc

/// An open descriptor with exactly one owner. Dropping it closes it.
package struct FileDescriptor: ~Copyable {
    package let raw: CInt

    /// Takes what a system call returned.
    package init(owning raw: CInt) { self.raw = raw }

    /// Gives the descriptor up, to hand it to another owner.
    package consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }

    /// Lets this process have as many descriptors as it may allow itself. Shells give it 1,024, which suits programs that
    /// use `select`.
    package static func raiseLimit() { clinux_raise_descriptor_limit() }

    deinit { close(raw) }
}
