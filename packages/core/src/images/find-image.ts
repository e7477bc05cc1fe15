import { notFound } from "../access/caller.ts";
import { CloudHostError } from "../errors.ts";
import { isId } from "../ids.ts";
import type { ImageRecords, ImageRow } from "./store.ts";

/**
 * An image that a project sees, its own or a public one: by its id, or by its name where only one has it. The project's
 * own go before public ones, and those that may be booted before those that may not, or not yet.
 *
 * @param projectId `undefined` for who sees every project's
 * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a name that several have
 */
export async function findImage(
  images: ImageRecords,
  projectId: string | undefined,
  idOrName: string,
): Promise<ImageRow> {
  if (isId("img", idOrName)) {
    const row = await images.get(idOrName);
    const visible = projectId === undefined || row?.project_id === projectId || row?.visibility === "public";
    if (row === undefined || !visible) throw notFound("image", idOrName);
    return row;
  }
  const { items: found } = await images.find({ projectId, name: idOrName }, { limit: 1000, sort: "createdAt" });
  const mine = preferred(found, (row) => row.project_id === projectId);
  const [row, another] = preferred(mine, ({ state }) => state === "active");
  if (row === undefined) throw notFound("image", idOrName);
  if (another !== undefined) {
    const details = { state: "ambiguous", allowed: ["an id"] };
    throw new CloudHostError("CONFLICT", `Several images have the name ${idOrName}: say which by its id.`, details);
  }
  return row;
}

/** Those for which it holds, or all when it holds for none. */
function preferred(rows: readonly ImageRow[], holds: (row: ImageRow) => boolean): readonly ImageRow[] {
  const better = rows.filter(holds);
  return better.length > 0 ? better : rows;
}
