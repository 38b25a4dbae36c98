extension String {
    /// As part of an endpoint: split at hyphens, each word's first letter in upper case, joined. `foo-bar` is `FooBar`.
    ///
    /// A word also begins after every other ASCII character that is no letter, digit or underscore, and after white
    /// space: `foo.bar` is `Foo.Bar`, `foo_bar` is `Foo_bar`. Nothing is put in lower case.
    var camelCased: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        var beginsWord = true
        for scalar in unicodeScalars {
            if scalar == "-" {
                beginsWord = true
            } else {
                result.unicodeScalars.append(beginsWord ? scalar.capital : scalar)
                beginsWord = scalar.separatesWords
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var separatesWords: Bool {
        guard isASCII else { return properties.isWhitespace }
        return !(UInt8(ascii: self).isLetter || UInt8(ascii: self).isDigit || self == "_")
    }

    /// Itself where the capital is more than one character, as with `ß`: services were named that way.
    fileprivate var capital: Unicode.Scalar {
        if isASCII { return UInt8(ascii: self) &- 0x61 < 26 ? Unicode.Scalar(UInt8(ascii: self) &- 0x20) : self }
        let mapping = properties.titlecaseMapping.unicodeScalars
        guard mapping.count == 1, let capital = mapping.first else { return self }
        return capital
    }
}
