import type { DataDiskStore } from "./data-disk-store.ts";
import type { Server } from "./model.ts";
import { serverOf } from "./server-row.ts";
import type { ServerRow } from "./server-row.ts";
import type { ServerStore } from "./store.ts";

/** Rows as their users see them, with what other tables have of them. */
export async function shownServers(
  { dataDisks, servers }: { readonly dataDisks: DataDiskStore; readonly servers: ServerStore },
  rows: readonly ServerRow[],
  showHost: boolean,
): Promise<Server[]> {
  const ids = rows.map(({ id }) => id);
  const [addresses, disks, tags] = await Promise.all([servers.addresses(ids), dataDisks.of(ids), servers.tags.of(ids)]);
  return rows.map((row) => {
    const details = {
      addresses: addresses.get(row.id) ?? [],
      dataDisks: disks.get(row.id) ?? [],
      tags: tags.get(row.id) ?? {},
    };
    return serverOf(row, details, showHost);
  });
}
