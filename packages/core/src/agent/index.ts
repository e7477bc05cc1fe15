/**
 * A host's side: the agent that makes a host of its drivers and images, with its command journal, and the bus inside
 * one process.
 *
 * @packageDocumentation
 */
export { agentBoundaries } from "./command-desk.ts";
export { BusFaults } from "./fault-layer.ts";
export { lockFolder } from "./folder-lock.ts";
export { heartbeatThread } from "./heartbeat-thread.ts";
export { clockHeartbeats } from "./heartbeats.ts";
export type { Heartbeats } from "./heartbeats.ts";
export { openHostAgent } from "./host-agent.ts";
export type { HostAgent, HostAgentOptions, HostRecovery } from "./host-agent.ts";
export { InProcessBus } from "./in-process-bus.ts";
export type { InProcessBusOptions } from "./in-process-bus.ts";
export type { CommandRecord } from "./journal-records.ts";
