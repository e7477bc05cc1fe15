import { tokens } from "@cloudhost/core";
import type { Logger } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import { Container } from "inversify";
import { firstValueFrom, takeWhile, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { created } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

/** A logger that keeps every word. */
function keeping(): { readonly logger: Logger; readonly words: string[] } {
  const words: string[] = [];
  const keep = (...said: readonly unknown[]): void => void words.push(JSON.stringify(said));
  return { logger: { debug: keep, info: keep, warn: keep, error: keep }, words };
}

/** Pieces of a private key that nothing else has: the lines of its file. */
const linesOf = (privateKey: string): readonly string[] =>
  privateKey.split("\n").filter((line) => line.length > 40 && !line.startsWith("-----"));

overDatabases((open) => {
  describe("a generated keypair", () => {
    it.each(["ed25519", "rsa"] as const)("of type %s leaves its private half nowhere", async (type) => {
      const { logger, words } = keeping();
      const container = new Container();
      const cloud = await open({ hosts: 1, logger, container });
      const album = cloud.as(amy);
      const { privateKey, ...kept } = await album.keypairs.generate({ name: "amy", type });
      expect(await album.keypairs.get("amy")).toEqual(kept);
      await created(album, { keypair: "amy" });

      const database = container.get(tokens.database);
      const rows = await Promise.all(
        Object.values(database.tables).map((table) => database.all(database.read(table).select("*"))),
      );
      const told = cloud.as(olga).events();
      const events = await firstValueFrom(
        told.pipe(
          takeWhile(({ kind }) => kind !== "server.create.succeeded", true),
          toArray(),
        ),
      );
      const said = [JSON.stringify(rows), JSON.stringify(events), ...words].join("\n");
      expect(said).toContain(kept.publicKey);
      const secrets = linesOf(privateKey);
      // The first lines of the file are the public half, which the rows have in base64 of another offset.
      expect(secrets.length).toBeGreaterThan(3);
      for (const line of secrets) expect(said).not.toContain(line);
    });

    it("of a name that is taken is refused, and nothing is given", async () => {
      const album = (await open({ hosts: 1 })).as(amy);
      const { id } = await album.keypairs.generate({ name: "amy" });
      await expect(album.keypairs.generate({ name: "amy" })).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await album.keypairs.get("amy")).id).toBe(id);
    });
  });
});
