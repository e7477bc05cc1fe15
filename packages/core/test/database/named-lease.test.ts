import { describe, expect, it } from "vitest";
import { NamedLease } from "../../src/database/named-lease.ts";
import { overDatabases } from "../support/databases.ts";

overDatabases((open) => {
  describe("a named lease", () => {
    it("is one process's until it gives it back", async () => {
      const database = await open();
      const [first, second] = ["own_1", "own_2"].map((owner) => new NamedLease(database, "post", owner, 60_000));
      const other = new NamedLease(database, "other", "own_2", 60_000);
      expect(await Promise.all([first?.take(), other.take()])).toEqual([true, true]);
      expect([await second?.take(), await first?.take()]).toEqual([false, true]);
      await second?.release();
      expect(await second?.take()).toBe(false);
      await first?.release();
      expect(await second?.take()).toBe(true);
    });

    it("passes on when its process is not heard of", async () => {
      const database = await open();
      const [first, second] = ["own_1", "own_2"].map((owner) => new NamedLease(database, "post", owner, 100));
      expect(await first?.take()).toBe(true);
      await expect.poll(() => second?.take(), { timeout: 5000, interval: 30 }).toBe(true);
      expect(await first?.take()).toBe(false);
    });

    it("goes to one of many who want it at once", async () => {
      const database = await open();
      const leases = Array.from({ length: 16 }, (_, index) => new NamedLease(database, "post", `own_${index}`, 60_000));
      const taken = await Promise.all(leases.map((lease) => lease.take()));
      expect(taken.filter(Boolean)).toHaveLength(1);
    });
  });
});
