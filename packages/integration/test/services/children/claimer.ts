import { createCloud, systemClock, tokens, uuidv7Ids } from "@cloudhost/core";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { z } from "zod";

/** What a claimer's process is told. */
export const ClaimTask = z.strictObject({
  database: z.string(),
  stateDir: z.string(),
  hostIds: z.array(z.string()),
  /** Who claims: the first has quotas without limits. */
  projectIds: z.array(z.string()),
  claimers: z.int(),
  /** How often each claimer tries. */
  tries: z.int(),
});
export type ClaimTask = z.infer<typeof ClaimTask>;

/** What it says at the end: claims that were taken, and those that a guard refused, by the guard's name. */
export interface ClaimReport {
  readonly taken: number;
  readonly refused: Readonly<Record<string, number>>;
}

const task = ClaimTask.parse(JSON.parse(process.argv[2] ?? ""));
const container = new Container();
await using _cloud = await createCloud({
  container,
  database: task.database,
  stateDir: task.stateDir,
  scheduler: filterScheduler(),
  images: imageStore({ backend: memoryBackend(systemClock()) }),
  runs: "api",
});
const [database, claims, servers] = [
  container.get(tokens.database),
  container.get(tokens.claims),
  container.get(tokens.servers),
];
const ids = uuidv7Ids(systemClock());

/** One server's row and its claim, whole or not at all. Gives the guard that refused it. */
async function claim(projectId: string, hostId: string): Promise<string | undefined> {
  const serverId = ids.next("srv");
  const resources = { milliEcu: 1000, memoryMib: 64, diskGib: 1, internalKbit: 1, externalKbit: 0 };
  const take = claims.take(serverId, hostId, { projectId, vcpus: 1, memoryMib: 64, resources });
  try {
    await database.run({
      statements: [servers.insert(row(serverId, projectId)), ...take.statements],
      result: undefined,
    });
    return undefined;
  } catch (error) {
    const { name, guard } = error as { name: string; guard?: string };
    if (name !== "GuardFailed" || guard === undefined) throw error;
    return guard;
  }
}

const row = (id: string, projectId: string) => ({
  id,
  project_id: projectId,
  user_id: "amy",
  name: "web",
  state: "building",
  busy: 1,
  flavor: "c1.e1",
  vcpus: 1,
  milli_ecu_per_vcpu: 1000,
  memory_mib: 64,
  system_disk_gib: 1,
  ephemeral_disk_gib: 0,
  resources: "{}",
  image_id: ids.next("img"),
  internal_rate_kbit: 1,
  internal_ceil_kbit: 1,
  external_rate_kbit: 0,
  external_ceil_kbit: 0,
  guest: "unknown",
  guest_since_ms: 1,
  created_at_ms: 1,
});

process.send?.({ ready: true });
await new Promise((resolve) => process.once("message", resolve));
let taken = 0;
const refused: Record<string, number> = {};
await Promise.all(
  Array.from({ length: task.claimers }, async (_, claimer) => {
    for (let turn = 0; turn < task.tries; turn += 1) {
      const projectId = task.projectIds[turn % task.projectIds.length] ?? "";
      const hostId = task.hostIds[(claimer + turn) % task.hostIds.length] ?? "";
      const guard = await claim(projectId, hostId);
      if (guard === undefined) taken += 1;
      else refused[guard] = (refused[guard] ?? 0) + 1;
    }
  }),
);
process.send?.({ taken, refused } satisfies ClaimReport);
process.disconnect();
