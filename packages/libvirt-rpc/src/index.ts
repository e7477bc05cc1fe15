/**
 * A client of libvirt's own wire protocol: every procedure, typed; no native code, and no call that holds up another.
 *
 * @packageDocumentation
 */
export { Libvirt } from "./client/libvirt.ts";
export type { DomainFilter, LibvirtOptions } from "./client/libvirt.ts";
export type { Lane, LaneCaller, LaneCallOptions } from "./client/lane-caller.ts";
export { Domain } from "./client/domain.ts";
export type { Affecting, BlockJob, DomainState } from "./client/domain.ts";
export { parameter, valuesOf } from "./client/typed-parameters.ts";
export type { ParameterValues, TypedParameter } from "./client/typed-parameters.ts";
export type { ReconnectOptions, Watched } from "./client/watch.ts";
export { Connection } from "./connection/connection.ts";
export type { ConnectionOptions, Subscription } from "./connection/connection.ts";
export type { CallOptions } from "./connection/calls.ts";
export type { KeepaliveOptions } from "./connection/keepalive.ts";
export type { LibvirtStream } from "./connection/stream.ts";
export { defaultSocketPath, tcpTransport, unixTransport } from "./connection/transport.ts";
export type { Transport } from "./connection/transport.ts";
export { isLibvirtError, LibvirtError } from "./error.ts";
export type { LibvirtErrorDetails, LibvirtErrorFields, LibvirtErrorKind } from "./error.ts";
export { VIR } from "./protocol/constants.ts";
export { eventNames, procedureNames } from "./protocol/names.ts";
export type { ArgsOf, DomainRef, EventName, EventOf, ProcedureName, ResultOf } from "./protocol/names.ts";
