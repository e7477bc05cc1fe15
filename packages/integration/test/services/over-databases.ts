import { randomUUID } from "node:crypto";
import { createTestCloud } from "@cloudhost/testing";
import type { TestCloud, TestCloudOptions } from "@cloudhost/testing";
import { afterEach, describe, inject } from "vitest";
import { sharedDatabase } from "../../../../scripts/shared-postgres.ts";

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
        ...(dialect === "postgres" ? { database: await emptyPostgres() } : {}),
        ...options,
      });
      opened.push(cloud);
      return cloud;
    });
  });
}

/** A connection string to a database of the test run's own server that nobody has yet. */
export const emptyPostgres = (): Promise<string> =>
  sharedDatabase(inject("postgresShare"), `services_${randomUUID().replaceAll("-", "")}`);
