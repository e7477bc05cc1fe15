import { createCloud, tokens } from "@cloudhost/core";
import type { ActorCloud } from "@cloudhost/core";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import type { Emit } from "./bench-line.ts";
import { percentile, round } from "./percentile.ts";
import { serverRow } from "./server-row.ts";

const servers = 100_000;
const hosts = 20;
const pageOf = 100;
/** Rows of one script. */
const sliceOf = 500;
const reads = 41;

/** What a page of 100 of a project's 100,000 servers takes, addresses included: the first, and one in the middle. */
export async function measurePages(
  url: string,
  stateDir: string,
  params: { readonly database: string },
  emit: Emit,
): Promise<void> {
  const container = new Container();
  const parts = { scheduler: filterScheduler(), images: imageStore({ backend: memoryBackend() }), container };
  await using cloud = await createCloud({ database: url, stateDir, ...parts });
  const ops = cloud.as({ userId: "bench", roles: ["operator"] });
  const project = await ops.projects.create({ name: "album" });
  await fill(container, project.id);
  const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
  const deep = await cursorAt(album, servers / 2);
  for (const [depth, after] of [
    ["first", undefined],
    ["deep", deep],
  ] as const) {
    const value = round(await pageMs(album, after));
    emit({ bench: "lifecycle", metric: "page_ms", params: { ...params, depth, servers }, value, unit: "ms" });
  }
}

/** Puts in the rows that so many creations would have left, an interface each. */
async function fill(container: Container, projectId: string): Promise<void> {
  const [database, ids, hostStore] = [
    container.get(tokens.database),
    container.get(tokens.ids),
    container.get(tokens.hosts),
  ];
  const store = container.get(tokens.servers);
  const { id: networkId } = container.get(tokens.fixedNetwork);
  const hostIds: string[] = [];
  for (let index = 0; index < hosts; index += 1) {
    hostIds.push((await hostStore.register(`host-${index}`, "az-1", 1)).id);
  }
  const columns = "id, server_id, project_id, host_id, network_id, address, class_id, wanted, revision";
  const insert = `INSERT INTO ${database.tables.bindings} (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, TRUE, 0)`;
  const serverIds = Array.from({ length: servers }, () => ids.next("srv"));
  for (let from = 0; from < servers; from += sliceOf) {
    const statements = serverIds.slice(from, from + sliceOf).flatMap((id, offset) => {
      const index = from + offset;
      const hostId = hostIds[index % hosts] ?? "";
      const bindings = [ids.next("nic"), id, projectId, hostId, networkId, index, 16 + Math.floor(index / hosts)];
      return [
        store.insert({ ...serverRow(id, projectId), host_id: hostId, state: "active" }),
        { sql: insert, bindings },
      ];
    });
    await database.run({ statements, result: undefined });
  }
}

/** The cursor behind so many servers. */
async function cursorAt(album: ActorCloud, depth: number): Promise<string | undefined> {
  let after: string | undefined;
  for (let seen = 0; seen < depth; seen += 1000) {
    after = (await album.servers.list({ limit: 1000, after }).page()).next;
  }
  return after;
}

/** The median of some reads of one page. */
async function pageMs(album: ActorCloud, after: string | undefined): Promise<number> {
  const tookMs: number[] = [];
  for (let count = 0; count < reads; count += 1) {
    const startedMs = performance.now();
    const page = await album.servers.list({ limit: pageOf, after }).page();
    tookMs.push(performance.now() - startedMs);
    if (page.items.length !== pageOf) throw new Error(`A page of ${page.items.length} servers.`);
  }
  return percentile(tookMs, 0.5);
}
