// What `descriptor.proto` says of a file, as far as it is needed here.

struct ProtoFile: Sendable {
    var name = ""
    var package = ""
    var dependencies: [String] = []
    var messages: [ProtoMessage] = []
    var enums: [ProtoEnum] = []
    var services: [ProtoService] = []
    var syntax = ""
    var edition = 0
    var features = ProtoFeatures()
}

struct ProtoMessage: Sendable {
    var name = ""
    var fields: [ProtoField] = []
    var messages: [ProtoMessage] = []
    var enums: [ProtoEnum] = []
    var oneofs: [String] = []
    var isMapEntry = false
    var features = ProtoFeatures()
}

struct ProtoField: Sendable {
    enum Label: UInt64 { case optional = 1, required, repeated }

    var name = ""
    var jsonName = ""
    var number = 0
    var label = Label.optional
    /// Nil when the descriptor leaves it to the type's name whether it is a message or an enumeration.
    var type: FieldType?
    var typeName = ""
    var oneof: Int?
    var isProto3Optional = false
    var isPacked: Bool?
    var features = ProtoFeatures()
}

struct ProtoEnum: Sendable {
    var name = ""
    var values: [(name: String, number: Int32)] = []
    var features = ProtoFeatures()
}

struct ProtoService: Sendable {
    var name = ""
    var methods: [ProtoMethod] = []
}

struct ProtoMethod: Sendable {
    var name = ""
    var input = ""
    var output = ""
    var isClientStreaming = false
    var isServerStreaming = false
    var rules: [HTTPRule] = []
}

/// The features of editions (`google.protobuf.FeatureSet`). What is nil is as in what surrounds it.
struct ProtoFeatures: Sendable {
    var hasImplicitPresence: Bool?
    var isRequired: Bool?
    var isClosed: Bool?
    var isPacked: Bool?
    var isDelimited: Bool?

    init() {}

    /// What holds in a file before it says anything itself.
    init(syntax: String, edition: Int) {
        let isProto3 = syntax == "proto3" || edition == 999
        let isProto2 = !isProto3 && edition < 1000
        hasImplicitPresence = isProto3
        isRequired = false
        isClosed = isProto2
        isPacked = !isProto2
        isDelimited = false
    }

    /// These, and for what they leave open, those around them.
    func within(_ outer: ProtoFeatures) -> ProtoFeatures {
        var features = outer
        if let hasImplicitPresence {
            features.hasImplicitPresence = hasImplicitPresence
            features.isRequired = isRequired
        }
        if let isClosed { features.isClosed = isClosed }
        if let isPacked { features.isPacked = isPacked }
        if let isDelimited { features.isDelimited = isDelimited }
        return features
    }
}
