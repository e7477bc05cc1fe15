import type { ChunkBackend } from "@cloudhost/core/ports";

/** A lease as another machine would have written it. */
export async function putStrangersLease(backend: ChunkBackend, key: string, about?: string): Promise<void> {
  const process = { scope: "0123456789ab", pid: 4242, started: "1" };
  const instance = "5f0c6f1e-6f0b-4c3e-9d5e-3b1d1f1c9a01";
  await backend.put(key, Buffer.from(JSON.stringify({ version: 1, about, process, instance })));
}
