import { CloudHostError } from "@cloudhost/core/ports";
import type { ErrorDetails } from "@cloudhost/core/ports";

/** What each code carries when it was asked for. */
const details = {
  HOST_UNAVAILABLE: (host, method) => ({ host, reason: `a fault was set for ${method}` }),
  INTERNAL: (_host, method) => ({ reason: `a fault was set for ${method}` }),
  EXHAUSTED: () => ({ resource: "disk" }),
  DEPENDENCY_MISSING: (host) => ({ dependency: "hypervisor", remedy: `clear the faults of ${host}` }),
  DEADLINE_EXCEEDED: (_host, method) => ({ what: method, timeoutMs: 0 }),
  CONFLICT: () => ({ state: "fault", allowed: [] }),
  UNSUPPORTED: (_host, method) => ({ feature: method, by: "fake" }),
} as const satisfies { [Code in keyof ErrorDetails]?: (host: string, method: string) => ErrorDetails[Code] };

/** A code that a fault can have. */
export type FaultCode = keyof typeof details;

/** The error of a fault. `HOST_UNAVAILABLE` is retryable unless told otherwise, the others are not. */
export function faultError(
  host: string,
  method: string,
  code: FaultCode = "HOST_UNAVAILABLE",
  retryable: boolean = code === "HOST_UNAVAILABLE",
): CloudHostError {
  const message = `${method} failed on ${host}, as a fault was set to make it.`;
  return new CloudHostError(code, message, details[code](host, method), { retryable });
}

/** What every call gets from a host that is unplugged. */
export const unpluggedError = (host: string): CloudHostError =>
  new CloudHostError("HOST_UNAVAILABLE", `${host} is unplugged.`, { host, reason: "unplugged" }, { retryable: true });
