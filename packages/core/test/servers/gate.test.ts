import { describe, expect, it } from "vitest";
import { isCloudHostError } from "../../src/errors.ts";
import { GuardFailed, script, statement } from "../../src/database/script.ts";
import { serverActions } from "../../src/servers/actions.ts";
import type { ServerActionName } from "../../src/servers/actions.ts";
import { refusalOf } from "../../src/servers/gate.ts";
import { ServerState } from "../../src/servers/model.ts";
import { ServerStore } from "../../src/servers/store.ts";
import type { ServerRow } from "../../src/servers/server-row.ts";
import { overDatabases } from "../support/databases.ts";
import { serverRow, testFleet } from "../support/fleet.ts";

const actions = Object.keys(serverActions) as ServerActionName[];
const askers = [{ everywhere: true }, { everywhere: false }] as const;
/** One that is deleted for good is found no more: nothing is asked of it. */
const states = ServerState.options.filter((state) => state !== "deleted");

overDatabases((open) => {
  describe("what an action asks of a server", () => {
    it("is the same to the guard of its statement as to who says why it is refused, whatever the server is like", async () => {
      const database = await open();
      const fleet = await testFleet(database, { hosts: 1 });
      const store = new ServerStore(database);
      const rows: ServerRow[] = [];
      for (const state of states)
        for (const busy of [true, false])
          for (const hostId of [fleet.hostIds[0] ?? "", null])
            for (const lockedBy of ["project", "operator", null])
              rows.push(await inserted(state, busy, hostId, lockedBy));

      async function inserted(state: string, busy: boolean, hostId: string | null, lockedBy: string | null) {
        const id = fleet.ids.next("srv");
        const { servers } = database.tables;
        const sql = `UPDATE ${servers} SET state = ?, busy = ${busy ? "TRUE" : "FALSE"}, host_id = ?, locked_by = ?, operation_id = 'op_x' WHERE id = ?`;
        await database.run(
          script(serverRow(database, id, fleet.project.id), statement(sql, [state, hostId, lockedBy, id])),
        );
        return (await store.get(id)) as ServerRow;
      }

      for (const asker of askers)
        for (const action of actions) {
          const passed = new Set(await passing(action, asker));
          const unlike = rows
            .filter((row) => passed.has(row.id) !== (refusalOf(row, action, asker) === undefined))
            .map(({ state, busy, host_id, locked_by }) => ({ state, busy, host_id, locked_by }));
          expect({ action, unlike }).toEqual({ action, unlike: [] });
        }

      /** The servers that the guard lets pass: what it changes, it tells. */
      async function passing(action: ServerActionName, asker: (typeof askers)[number]): Promise<readonly string[]> {
        const { sql, bindings } = store.change("srv_x", action, asker, { sql: "name = ?", bindings: ["web"] });
        const where = sql.slice(sql.indexOf("WHERE id = ? AND ") + "WHERE id = ? AND ".length);
        const query = database
          .read(database.tables.servers)
          .whereRaw(where, bindings.slice(2) as string[])
          .select("id");
        return (await database.all<{ id: string }>(query)).map(({ id }) => id);
      }
    });

    it("must hold for the state and the host that an operation was planned for", async () => {
      const database = await open();
      const fleet = await testFleet(database, { hosts: 2 });
      const store = new ServerStore(database);
      const [host = "", other = ""] = fleet.hostIds;
      const id = await fleet.server();
      const { servers } = database.tables;
      const sql = `UPDATE ${servers} SET state = 'active', busy = FALSE, host_id = ? WHERE id = ?`;
      await database.run(script(statement(sql, [host, id])));
      const begun = (row: Pick<ServerRow, "state" | "host_id">) =>
        database.run(script(store.begin({ id, ...row }, "op_1", "rescue", { everywhere: false })));
      await expect(begun({ state: "stopped", host_id: host })).rejects.toBeInstanceOf(GuardFailed);
      await expect(begun({ state: "active", host_id: other })).rejects.toBeInstanceOf(GuardFailed);
      await expect(begun({ state: "active", host_id: null })).rejects.toBeInstanceOf(GuardFailed);
      await begun({ state: "active", host_id: host });
      expect(await store.get(id)).toMatchObject({ state: "active", operation_id: "op_1" });
    });
  });
});

it("a refusal says the state, what would be right, and in words what was asked", () => {
  const row = { name: "web-1", state: "active", busy: false, host_id: "hst_1", locked_by: null } as ServerRow;
  const refusal = refusalOf(row, "confirmResize", { everywhere: false });
  expect(isCloudHostError(refusal, "CONFLICT") && refusal.details).toEqual({ state: "active", allowed: ["resized"] });
  expect(refusal?.message).toBe("The server web-1 is active: it cannot be asked to confirm resize.");
});

it("a refusal to evacuate says what can be done while the host is dead", () => {
  const said = (["softDeleted", "resized", "shelved", "building"] as const).map((state) => {
    const row = { name: "web-1", state, busy: false, host_id: "hst_1", locked_by: null } as ServerRow;
    return refusalOf(row, "evacuate", { everywhere: true })?.message.replace(/^.*?to evacuate\. ?/, "");
  });
  expect(said).toEqual([
    "It can be restored once its host is back, or deleted for good.",
    "Its resize can be confirmed or reverted once its hosts are back.",
    "It is on no host: unshelve it.",
    "",
  ]);
});
