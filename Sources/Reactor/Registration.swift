/// The name under which the poller knows an observed descriptor: a slot, and how often the slot was used before.
///
/// Descriptors are reused by the kernel, so an event that was queued for the old owner could reach the new one. The
/// generation tells them apart.
package struct Registration: Sendable, Equatable {
    package let slot: UInt32
    package let generation: UInt32

    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// As epoll carries it.
    package init(packed: UInt64) {
        slot = UInt32(truncatingIfNeeded: packed)
        generation = UInt32(truncatingIfNeeded: packed >> 32)
    }

    package var packed: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The targets of one loop, by slot.
package struct RegistrationTable {
    private struct Slot {
        var target: (any ReadinessTarget)?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    package init() {}

    /// How many targets there are.
    package var count: Int { slots.count - free.count }

    /// Gives the target a slot, a used one if there is one, with a generation that no earlier registration had.
    package mutating func insert(_ target: any ReadinessTarget) -> Registration {
        guard let slot = free.popLast() else {
            slots.append(Slot(target: target))
            return Registration(slot: UInt32(slots.count - 1), generation: 0)
        }
        slots[Int(slot)].target = target
        return Registration(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// The target, or nil when the registration has ended.
    @inline(__always)
    package func target(of registration: Registration) -> (any ReadinessTarget)? {
        let index = Int(registration.slot)
        guard index < slots.count, slots[index].generation == registration.generation else { return nil }
        return slots[index].target
    }

    /// Ends a registration. Ending it twice changes nothing.
    package mutating func remove(_ registration: Registration) {
        guard target(of: registration) != nil else { return }
        slots[Int(registration.slot)].target = nil
        slots[Int(registration.slot)].generation &+= 1
        free.append(registration.slot)
    }
}
