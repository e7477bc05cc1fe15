import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { created } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy@laptop";
const userData = "#!/bin/sh\necho a-secret-of-amy\n";

overDatabases((open) => {
  describe("user data", () => {
    it("reaches the guest with its public key, moves with it, and is told to nobody else", async () => {
      const fleet = fakeFleet({ hosts: 2 });
      await using world = holdFakeWorld(fleet);
      const cloud = await open({ hosts: fleet, busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const seeds = async () => (await world.read()).flatMap(({ guests }) => guests.map(({ spec }) => spec.seed));
      await album.keypairs.import({ name: "amy", publicKey });
      const server = await created(album, { name: "Web_1", keypair: "amy", userData });
      const seed = {
        hostname: "web-1",
        publicKeys: [publicKey],
        userData: Buffer.from(userData).toString("base64"),
      };
      expect(await seeds()).toEqual([seed]);
      // What it was told at its first boot stays, also without the keypair and under another name.
      await album.keypairs.delete("amy");
      await album.servers.update("Web_1", { name: "web-2" });
      await (await ops.servers.migrate(server.id)).result();
      expect(await seeds()).toEqual([seed]);

      const told = JSON.stringify([
        await album.servers.get("web-2"),
        await all(album.operations.list()),
        await all(ops.log.list()),
      ]);
      expect(told).not.toContain("a-secret-of-amy");
      expect(told).not.toContain(seed.userData);
      await (await album.servers.delete("web-2")).result();
      expect(await seeds()).toEqual([]);
    });

    it("takes bytes as they are, and is refused beyond 64 KiB", async () => {
      const fleet = fakeFleet({ hosts: 1 });
      await using world = holdFakeWorld(fleet);
      const cloud = await open({ hosts: fleet, busFaults: {} });
      const album = cloud.as(amy);
      const bytes = Uint8Array.from({ length: 65_536 }, (_, index) => index % 256);
      await created(album, { name: "web-1", userData: bytes });
      const [guest] = (await world.read()).flatMap(({ guests }) => guests);
      expect(guest?.spec.seed).toEqual({
        hostname: "web-1",
        publicKeys: [],
        userData: Buffer.from(bytes).toString("base64"),
      });
      await expect(created(album, { userData: "x".repeat(65_537) })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { issues: [{ path: "userData" }] },
      });
    });
  });
});
