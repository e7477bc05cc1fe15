import type { TestProject } from "vitest/node";
declare module "vitest" {
  interface ProvidedContext {
    /** Folder through which the processes of one test run share one PostgreSQL server. */
    postgresShare: string;
  }
}
/** One server a test run, started by the first test that asks for it, stopped at the run's end. */
export default function setup(project: TestProject): Promise<() => Promise<void>>;
/**
 * A connection string to an empty database of the run's own server.
 * @param share `inject("postgresShare")`
 * @throws Error when the server does not start
 */
export declare function sharedDatabase(share: string, name: string): Promise<string>;
//# sourceMappingURL=shared-postgres.d.ts.map
