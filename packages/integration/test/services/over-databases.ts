import { randomUUID } from "node:crypto";
import { createTestCloud } from "@cloudhost/testing";
import type { TestCloud, TestCloudOptions } from "@cloudhost/testing";
import { afterEach, describe, inject } from "vitest";
import { migratedDatabase } from "../../../../scripts/shared-postgres.ts";

/** Opens a test cloud that is closed when its test ends. */
export type OpenCloud = (options?: TestCloudOptions) => Promise<TestCloud>;

/** Runs one body of tests over each database. */
export function overDatabases(suite: (open: OpenCloud) => void): void {
  describe.each(["sqlite", "postgres"] as const)("on %s", (dialect) => {
    const opened: TestCloud[] = [];
    afterEach(async () => {
      for (const cloud of opened.splice(0)) await cloud.close();
    });
    suite(async (options = {}) => {
      const cloud = await createTestCloud({
        ...(dialect === "postgres" ? { database: await ownPostgres(), ownSchema: false } : {}),
        ...options,
      });
      opened.push(cloud);
      return cloud;
    });
  });
}

/** A connection string to a database of the test run's own server that nobody has yet; it is migrated. */
export const ownPostgres = (): Promise<string> =>
  migratedDatabase(inject("postgresShare"), `services_${randomUUID().replaceAll("-", "")}`);
