import { createCloud, tokens } from "@cloudhost/core";
import type { ActorCloud, ListServers } from "@cloudhost/core";
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
/** One server in so many has the rare tag. */
const rareOf = 200;

/** Lists that are measured, and how many servers each has. */
const lists: readonly { readonly list: string; readonly of: number; readonly input: ListServers }[] = [
  { list: "by creation", of: servers, input: {} },
  { list: "by name", of: servers, input: { sort: "name" } },
  { list: "by name, last first", of: servers, input: { sort: "name", order: "desc" } },
  { list: "in a state", of: servers / 2, input: { state: "stopped" } },
  { list: "in a state, by name", of: servers / 2, input: { state: "stopped", sort: "name" } },
  { list: "in two states, by name", of: servers, input: { state: ["active", "stopped"], sort: "name" } },
  { list: "with a tag", of: servers, input: { tags: { env: "prod" } } },
  { list: "with a tag, by name", of: servers, input: { tags: { env: "prod" }, sort: "name" } },
  { list: "with a rare tag, by name", of: servers / rareOf, input: { tags: { role: "db" }, sort: "name" } },
  { list: "with two tags", of: servers / rareOf, input: { tags: { role: "db", env: "prod" } } },
];

/**
 * What a page of 100 of a project's 100,000 servers takes, addresses and tags included: the first, and one in the
 * middle of the list.
 */
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
  for (const { list, of, input } of lists) {
    for (const depth of ["first", "deep"] as const) {
      const after = depth === "first" ? undefined : await cursorAt(album, input, of / 2);
      const value = round(await pageMs(album, { ...input, after }));
      emit({ bench: "lifecycle", metric: "page_ms", params: { ...params, list, depth, servers }, value, unit: "ms" });
    }
  }
}

/** Puts in the rows that so many creations would have left, an interface each. */
async function fill(container: Container, projectId: string): Promise<void> {
  const [database, ids, hostStore] = [
    container.get(tokens.database),
    container.get(tokens.ids),
    container.get(tokens.hosts),
  ];
  const { id: networkId } = container.get(tokens.fixedNetwork);
  const hostIds: string[] = [];
  for (let index = 0; index < hosts; index += 1) {
    hostIds.push((await hostStore.register(`host-${index}`, "az-1", 1)).id);
  }
  const { servers: serversTable, server_tags: tagsTable, bindings: bindingsTable } = database.tables;
  const serverIds = Array.from({ length: servers }, () => ids.next("srv"));
  for (let from = 0; from < servers; from += sliceOf) {
    const slice = serverIds.slice(from, from + sliceOf).map((id, offset) => {
      const index = from + offset;
      const server = { ...serverRow(id, projectId), name: `web-${index}`, created_at_ms: index };
      return { id, index, server, hostId: hostIds[index % hosts] ?? "" };
    });
    const rows = slice.map(({ server, hostId, index }) => {
      const state = index % 2 === 0 ? "active" : "stopped";
      return { ...server, host_id: hostId, zone: "az-1", state };
    });
    const tags = slice.flatMap(({ id, index, server }) => {
      const tagged = { server_id: id, project_id: projectId, server_name: server.name, created_at_ms: index };
      const role = index % rareOf === 0 ? "db" : "web";
      return [
        { ...tagged, tag: "env", value: "prod" },
        { ...tagged, tag: "role", value: role },
      ];
    });
    const bindings = slice.map(({ id, index, hostId }) => ({
      id: ids.next("nic"),
      server_id: id,
      project_id: projectId,
      host_id: hostId,
      network_id: networkId,
      address: index,
      class_id: 16 + Math.floor(index / hosts),
      wanted: 1,
      revision: 0,
    }));
    const statements = [insertAll(serversTable, rows), insertAll(tagsTable, tags), insertAll(bindingsTable, bindings)];
    await database.run({ statements, result: undefined });
  }
  // SQLite's are planned without.
  if (database.concurrentWriters)
    await database.run({ statements: [{ sql: "ANALYZE", bindings: [] }], result: undefined });
}

/** Many rows in one statement. */
function insertAll(table: string, rows: readonly Readonly<Record<string, string | number>>[]) {
  const columns = Object.keys(rows[0] ?? {});
  const marks = rows.map(() => `(${columns.map(() => "?").join(", ")})`).join(", ");
  const sql = `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${marks}`;
  return { sql, bindings: rows.flatMap((row) => columns.map((column) => row[column] ?? 0)) };
}

/** The cursor behind so many servers. */
async function cursorAt(album: ActorCloud, input: ListServers, depth: number): Promise<string | undefined> {
  let after: string | undefined;
  for (let seen = 0; seen < depth; seen += 1000) {
    const limit = Math.min(1000, depth - seen);
    after = (await album.servers.list({ ...input, limit, after }).page()).next;
  }
  return after;
}

/** The median of some reads of one page. */
async function pageMs(album: ActorCloud, input: ListServers): Promise<number> {
  const tookMs: number[] = [];
  for (let count = 0; count < reads; count += 1) {
    const startedMs = performance.now();
    const page = await album.servers.list({ ...input, limit: pageOf }).page();
    tookMs.push(performance.now() - startedMs);
    if (page.items.length !== pageOf) throw new Error(`A page of ${page.items.length} servers.`);
  }
  return percentile(tookMs, 0.5);
}
