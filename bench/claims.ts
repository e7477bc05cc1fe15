import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud, tokens } from "@cloudhost/core";
import type { HostInventory } from "@cloudhost/core";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { startPostgres } from "../scripts/postgres.ts";
import type { BenchLine } from "./bench-line.ts";
import { serverRow } from "./server-row.ts";

const hosts = 100;
const claimsEach = { sqlite: 20_000, postgres: 4000 };
/** Hosts without a heartbeat are taken for down after 15 s. */
const measuredMostMs = 5_000;

/** Guarded claims a second: host, allocation, quota in one durable transaction each; the store itself, without a server's other steps. */
export default async function run(emit: (line: BenchLine) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-bench-"));
  await using postgres = await startPostgres();
  try {
    for (const claimers of [1, 8, 64]) {
      for (const database of ["sqlite", "postgres"] as const) {
        const name = `claims_${claimers}`;
        const url = database === "sqlite" ? `sqlite:${join(folder, `${name}.db`)}` : await postgres.database(name);
        const value = await claimsPerSecond(
          url,
          join(folder, `state-${database}-${name}`),
          claimers,
          claimsEach[database] / (claimers === 1 ? 8 : 1),
        );
        emit({
          bench: "claims",
          metric: "claims_per_s",
          params: { database, claimers },
          value: Math.round(value),
          unit: "1/s",
        });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function claimsPerSecond(url: string, stateDir: string, claimers: number, total: number): Promise<number> {
  // The claims themselves, from the container of a cloud that has no hosts to run.
  const container = new Container();
  const parts = { scheduler: filterScheduler(), images: imageStore({ backend: memoryBackend() }), container };
  await using cloud = await createCloud({ database: url, stateDir, ...parts });
  const ops = cloud.as({ userId: "bench", roles: ["operator"] });
  const project = await ops.projects.create({ name: "album" });
  await ops.quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1, externalKbit: -1 });
  const [database, ids, claims] = [
    container.get(tokens.database),
    container.get(tokens.ids),
    container.get(tokens.claims),
  ];
  const [hostStore, servers] = [container.get(tokens.hosts), container.get(tokens.servers)];
  const hostIds: string[] = [];
  for (let index = 0; index < hosts; index += 1) {
    const { id } = await hostStore.register(`host-${index}`, "az-1", 1);
    await database.run(hostStore.setInventory(id, endless));
    hostIds.push(id);
  }
  const serverIds = Array.from({ length: total }, () => ids.next("srv"));
  for (let from = 0; from < total; from += 500) {
    const statements = serverIds.slice(from, from + 500).map((id) => servers.insert(serverRow(id, project.id)));
    await database.run({ statements, result: undefined });
  }
  const claim = {
    projectId: project.id,
    vcpus: 1,
    memoryMib: 1024,
    resources: { milliEcu: 1000, memoryMib: 1100, diskGib: 10, internalKbit: 8000, externalKbit: 1000 },
  };
  for (const id of hostIds) await database.run(hostStore.setState(id, "up", null, Date.now()));
  const startedMs = performance.now();
  const untilMs = startedMs + measuredMostMs;
  let next = 0;
  const claimer = async (): Promise<void> => {
    while (next < total && performance.now() < untilMs) {
      const index = next++;
      await database.run(claims.take(serverIds[index] ?? "", hostIds[index % hosts] ?? "", claim));
    }
  };
  await Promise.all(Array.from({ length: claimers }, claimer));
  return next / ((performance.now() - startedMs) / 1000);
}

const endless: HostInventory = {
  cpuModel: "bench",
  architecture: "x86_64",
  hypervisor: "fake",
  guestCores: 1_000_000,
  milliEcuPerCore: 4000,
  milliEcuEstimated: false,
  milliEcu: 4_000_000_000,
  memoryMib: 1_000_000_000,
  diskGib: 1_000_000_000,
  internalKbit: 1_000_000_000_000,
  externalKbit: 1_000_000_000_000,
  resources: {},
  capabilities: {},
};
