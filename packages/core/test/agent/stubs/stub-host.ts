import { emptyHostNetwork } from "../../../src/ports/index.ts";
import type { GuestState, HostNetwork, NetworkUpdate } from "../../../src/ports/index.ts";

/** What a method of a stub does, given the call's signal. */
export type Act = (signal: AbortSignal | undefined, ...args: readonly unknown[]) => Promise<unknown>;

/** What stands behind the stub drivers of one host: it counts calls, and does what a test tells it. */
export class StubHost {
  /** Each call, as `start srv_…`, in order. */
  readonly calls: string[] = [];
  readonly guests = new Map<string, GuestState>();
  readonly holders = new Set<string>();
  readonly updates: NetworkUpdate[] = [];
  network: HostNetwork = emptyHostNetwork;
  /** By method; one that is not here returns at once. */
  readonly acts = new Map<string, Act>();
  /** Tells the agent of a guest's change. */
  emit: (guest: GuestState) => void = () => {};
  /** Ends the guests' events with an error. */
  breakEvents: () => void = () => {};

  async call(method: string, subject: string, signal?: AbortSignal, ...args: readonly unknown[]): Promise<unknown> {
    this.calls.push(`${method} ${subject}`.trim());
    return this.acts.get(method)?.(signal, subject, ...args);
  }

  /** How often a method was called for a subject. */
  count(method: string, subject = ""): number {
    return this.calls.filter((call) => call === `${method} ${subject}`.trim()).length;
  }
}

/** The stub hosts of this test file, by the key in their drivers' options. */
export const stubHosts = new Map<string, StubHost>();

/** The stub host that a driver's options name. */
export function stubHost(key: string): StubHost {
  const host = stubHosts.get(key);
  if (host === undefined) throw new Error(`no stub host ${key}`);
  return host;
}
