import type { HostRuntime } from "../hosts/host-runtime.ts";
import type { NetworkConvergence } from "../networks/convergence.ts";
import type { HostDirectory } from "./run-dependencies.ts";

/** The hosts that this process has opened, as act steps see them. */
export const hostDirectory = (runtime: HostRuntime, convergence: NetworkConvergence): HostDirectory => ({
  reached: () => runtime.opened.map(({ id }) => id),
  reaches: (hostId) => runtime.has(hostId),
  host(hostId, { operationId, epoch, resource, nextCommandId, onPercent, signal }) {
    const { client } = runtime.get(hostId);
    const bound = client.bind({
      operationId,
      epoch,
      resource,
      nextCommandId,
      onProgress: onPercent,
      signal,
    });
    return {
      compute: bound.compute,
      images: bound.images,
      network: { converge: (revision) => convergence.converge(hostId, revision) },
    };
  },
});
