import { notFound, projectFilter, sees } from "../access/caller.ts";
import type { Scope } from "../access/caller.ts";
import { parseNamed } from "../access/named.ts";
import { CloudHostError } from "../errors.ts";
import { isId } from "../ids.ts";
import type { ServerStore } from "./store.ts";
import type { ServerRow } from "./server-row.ts";

/**
 * A server that the caller sees: by its id, or by its name where only one server of the project has it. A name is that of
 * one that is there, rather than of one that was deleted and can be restored.
 * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT` for a name that several have
 */
export async function findServer(servers: ServerStore, scope: Scope, idOrName: string): Promise<ServerRow> {
  const wanted = parseNamed("server", idOrName);
  if (isId("srv", wanted)) {
    const row = await servers.get(wanted);
    if (row === undefined || !sees(scope, row.project_id)) throw notFound("server", wanted);
    return row;
  }
  const where = { projectId: projectFilter(scope), name: wanted };
  const two = { limit: 2, sort: "createdAt" } as const;
  const { items: there } = await servers.find({ ...where, but: "softDeleted" }, two);
  const [row, another] = there.length > 0 ? there : (await servers.find(where, two)).items;
  if (row === undefined) throw notFound("server", wanted);
  if (another !== undefined) {
    const details = { state: "ambiguous", allowed: ["an id"] };
    throw new CloudHostError("CONFLICT", `Several servers have the name ${wanted}: say which by its id.`, details);
  }
  return row;
}
