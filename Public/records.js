// Reads the records of services, as the registry has them.

/** How a node is spoken to, by the same rule as the gateway's. */
export function protocol(node) {
  const { protocol, server, transport } = node.metadata;
  if (protocol === "grpc" || (protocol === undefined && server === "grpc")) return "grpc";
  if (protocol === "http") return "http";
  if (protocol === undefined && server === undefined && transport === undefined) return "http";
  return transport === undefined || transport === "http" ? "mucp" : `mucp over ${transport}`;
}

export const unique = (values) => [...new Set(values)];
export const nodesOf = (versions) => versions.flatMap((service) => service.nodes);

/** Whether nothing can be called, as all nodes are reached by plain HTTP. */
export const isPlainHTTP = (nodes) => nodes.length > 0 && nodes.every((node) => protocol(node) === "http");

export const isSubscriber = (endpoint) => endpoint.metadata.subscriber === "true";
export const isStream = (endpoint) => endpoint.metadata.stream === "true";

/** Go Micro describes the stream itself where its messages should be. */
export const hasDescribedMessages = (endpoint) => !(isStream(endpoint) && endpoint.response?.type === "Stream");

/** Every endpoint of any version, once; those that Go Micro adds to each service come last. */
export function endpointsOf(versions) {
  const byName = new Map(versions.flatMap((service) => service.endpoints).map((known) => [known.name, known]));
  const isDebug = (endpoint) => endpoint.name.startsWith("Debug.");
  return [...byName.values()].sort((one, other) => isDebug(one) - isDebug(other));
}

const numbers = /^(u?int(8|16|32|64)?|byte|rune|uintptr)$/;
const basicTypes = /^(string|bool|float32|float64|u?int(8|16|32|64)?)$/;

/** The fields without those that generated Go code keeps for itself. */
export function visible(fields) {
  const isGenerated = fields.some((field) => field.type === "MessageState");
  return fields.filter((field) => {
    if (field.type === "MessageState" || field.name.startsWith("XXX_")) return false;
    if (field.name === "sizeCache" || field.name === "unknownFields") return false;
    return !(isGenerated && field.name === "int32" && field.type === "int32");
  });
}

/** Services of Go Micro before version 5 give the type where the name should be. */
export const hasNoName = ({ name, type }) => name === type && (basicTypes.test(name) || name.startsWith("[]"));

/** A value that the field accepts. */
export function example(field) {
  const type = field.type.replace(/^\*/, "");
  if (type === "string") return "";
  if (type === "bool") return false;
  if (numbers.test(type) || type.startsWith("float")) return 0;
  if (type === "[]uint8" || type === "[]byte") return "";
  if (type.startsWith("[]")) return [];
  const named = visible(field.values).filter((inner) => inner.name && !hasNoName(inner));
  return Object.fromEntries(named.map((inner) => [inner.name, example(inner)]));
}
