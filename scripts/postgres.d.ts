/** A PostgreSQL server of our own, on a socket in its own folder, gone with {@link PostgresServer.stop}. */
export interface PostgresServer extends AsyncDisposable {
  /** Everything of it. */
  readonly folder: string;
  /** The folder of its socket; the port is always 5432, the user `cloudhost`. */
  readonly socketDir: string;
  readonly pid: number;
  /** A connection string to a database of that name, made if it is not there. */
  database(name: string): Promise<string>;
  stop(): Promise<void>;
}
/**
 * Starts PostgreSQL from the binaries that npm installed.
 * @throws Error when it does not accept connections within 10 s, with what it said
 */
export declare function startPostgres(): Promise<PostgresServer>;
/** @param socketDir of a running server */
export declare function makeDatabase(socketDir: string, name: string): Promise<string>;
//# sourceMappingURL=postgres.d.ts.map
