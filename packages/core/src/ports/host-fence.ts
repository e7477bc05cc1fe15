import { z } from "zod";
import { idOf } from "../ids.ts";

/** A host as what fences it knows it. */
export const FencedHost = z.strictObject({ id: idOf("hst"), name: z.string(), zone: z.string() });
export type FencedHost = z.infer<typeof FencedHost>;

/**
 * Makes sure that a host which cannot be reached does nothing any more: the switch of its power (IPMI, a power
 * distribution unit), or the interface of whoever rents it out. What others call a fence agent, or STONITH. Servers of a
 * host are made anew elsewhere only behind it: a host that is cut off but runs on would run them twice.
 * Prove an implementation with `describeHostFence`.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` when the device cannot be reached (retryable), `NOT_FOUND` for a host that it
 * does not know, `CANCELLED` when the signal fires
 * @example
 * const fence: HostFence = {
 *   name: "IPMI",
 *   async fence({ name }, signal) {
 *     await ipmi(name, ["chassis", "power", "off"], signal);
 *     while ((await ipmi(name, ["chassis", "power", "status"], signal)) !== "Chassis Power is off") await pause(signal);
 *   },
 *   unfence: ({ name }, signal) => ipmi(name, ["chassis", "power", "on"], signal),
 * };
 */
export interface HostFence {
  /** For people: who fenced a host is shown with it. */
  readonly name: string;
  /**
   * Resolves only when the host certainly runs nothing and writes nothing, and stays so until {@link HostFence.unfence}.
   * What was asked for is not enough: the device is asked whether it is so. A host that is fenced already stays so.
   */
  fence(host: FencedHost, signal?: AbortSignal): Promise<void>;
  /** Lets the host come back. Resolves when that is begun, not when it has booted. One that is not fenced is left alone. */
  unfence(host: FencedHost, signal?: AbortSignal): Promise<void>;
}
