import Handlers
import JSON
import Testing

struct CloudEventTests {
    @Test(
        "an event of either version is published in version 1.0",
        arguments: [
            (
                #"{"type":"t","source":"/s","id":"1","specversion":"1.0"}"#,
                #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#
            ),
            (
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","n":7,"b":false,"none":null,"data":[1.50]}"#,
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","n":7,"b":false,"data":[1.50]}"#
            ),
            (
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","data":null,"data_base64":"AP8"}"#,
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AP8="}"#
            ),
            (
                #"{"cloudEventsVersion":"0.1","eventID":"1","source":"s","eventType":"t","data":"x"}"#,
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","data":"x"}"#
            ),
            (
                #"{"cloudEventsVersion":"0.1","eventID":"1","source":"s","eventType":"t","extensions":"#
                    + #"{"My-Key":"v","type":1,"---":1,"gone":null,"list":["<"],"real":1.5,"yes":true}}"#,
                #"{"specversion":"1.0","id":"1","source":"s","type":"t","mykey":"v","xtype":1,"list":"[\"<\"]","#
                    + #""real":"1.5","yes":true}"#
            ),
        ])
    func published(sent: String, expected: String) throws {
        let event = try CloudEvent(json: JSONParser.parse(sent))
        #expect(event.json.text(JSONStyle(escapesHTML: false)) == expected)
        // What is published would be taken again, as it is.
        #expect(try CloudEvent(json: JSONParser.parse(event.json.text())) == event)
    }

    private static let valid = #""specversion":"1.0","id":"1","source":"s","type":"t""#

    @Test(
        "what is no event is refused with the reason",
        arguments: [
            ("[]", "an event is a JSON object"),
            ("{}", "the event says by neither specversion nor cloudEventsVersion what it is"),
            (#"{"specversion":1.0}"#, "the event says by neither specversion nor cloudEventsVersion what it is"),
            (#"{"specversion":"0.3"}"#, "events of version 0.3 are not understood; send 1.0 or 0.1"),
            (#"{"cloudEventsVersion":"0.2"}"#, "cloudEventsVersion is not 0.1"),
            (#"{"specversion":"1.0","source":"s","type":"t"}"#, "the event has no id"),
            (#"{"specversion":"1.0","id":7,"source":"s","type":"t"}"#, "the event has no id"),
            (#"{"specversion":"1.0","id":"1","type":"t"}"#, "the event has no source"),
            (#"{"specversion":"1.0","id":"1","source":"a b","type":"t"}"#, "source is no URI"),
            (#"{"cloudEventsVersion":"0.1","eventID":"1","source":"s"}"#, "the event has no eventType"),
            ("{\(valid),\"subject\":\"\"}", "the attribute subject is empty"),
            ("{\(valid),\"subject\":1}", "the attribute subject has a value of the wrong type"),
            ("{\(valid),\"n\":1.5}", "the attribute n has a value of the wrong type"),
            ("{\(valid),\"n\":3000000000}", "the attribute n has a value of the wrong type"),
            ("{\(valid),\"dataschema\":\"<>\"}", "the schema is no URI"),
            ("{\(valid),\"data_base64\":7}", "data_base64 is no text in base64"),
        ])
    func refused(sent: String, reason: String) throws {
        let json = try JSONParser.parse(sent)
        #expect(throws: CloudEventProblem(reason)) { try CloudEvent(json: json) }
    }

    @Test(
        "times are those of RFC 3339",
        arguments: [
            ("2020-04-01T12:00:00Z", true), ("2020-04-01t12:00:00.123456z", true), ("2020-12-31T23:59:60+05:30", true),
            ("2020-04-01T12:00:00-00:00", true), ("2020-04-01 12:00:00Z", false), ("2020-04-01T12:00:00", false),
            ("2020-13-01T12:00:00Z", false), ("2020-04-32T12:00:00Z", false), ("2020-04-01T24:00:00Z", false),
            ("2020-04-01T12:00:00.Z", false), ("2020-04-01T12:00:00.5", false), ("2020-04-01T12:00:00+0530", false),
            ("2020-04-01T12:00:00+25:00", false), ("2020-04-01T12:00:00Zx", false), ("", false), ("now", false),
            ("٢020-04-01T12:00:00Z", false),
        ])
    func times(text: String, isTime: Bool) throws {
        let json = try JSONParser.parse("{\(Self.valid),\"time\":\(JSONValue.string(text).text())}")
        #expect(((try? CloudEvent(json: json)) != nil) == isTime)
    }
}
