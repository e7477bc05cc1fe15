import { execFile } from "node:child_process";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { readFakeWorld } from "@cloudhost/driver-fake";
import { checkCloud } from "../checker/checker.ts";
import type { CloudPlaces } from "../checker/finding.ts";
import { openStore } from "../checker/store.ts";
import type { ChildTask } from "./child-task.ts";
import { placesIn, prepareCase } from "./cloud-folder.ts";
import { recover } from "./recover.ts";
import { runChild } from "./run-child.ts";
import type { ChildEnd } from "./run-child.ts";
import { scenarios } from "./scenarios.ts";

const run = promisify(execFile);

/** A database for the cases, and how it is put back to what it was before one. */
export interface CaseDatabase {
  readonly dialect: "sqlite" | "postgres";
  /** Where it is, given the folder of the case. */
  url(folder: string): string;
  /** Keeps it as it is now. The folder's files are kept by the harness. */
  keep(): Promise<void>;
  /** Puts back what was kept. */
  restore(): Promise<void>;
}

/** A kill to make: the so-manieth time that a run of the scenario reaches a boundary. */
export interface Kill {
  readonly scenario: string;
  readonly fails: boolean;
  readonly boundary: string;
  readonly time: number;
  /** Kills the next process too, at the so-manieth boundary that it reaches, if it reaches so many. */
  readonly again?: number;
}

/** What a kill led to; nothing wrong is an empty list. */
export interface KillOutcome extends Kill {
  readonly dialect: CaseDatabase["dialect"];
  /**
   * Processes that were killed: one, or two where the next one was killed too. None where this run did not reach the
   * boundary so often: how often a host is brought in line with its neighbours depends on who is faster.
   */
  readonly killed: number;
  readonly wrong: readonly string[];
}

/** Runs one scenario again and again from the same beginning, each time with another kill. */
export class CrashHarness {
  readonly #folder: string;
  readonly #database: CaseDatabase;
  readonly #scenario: string;

  /** @param folder of this harness alone; everything in it is its own */
  constructor(folder: string, database: CaseDatabase, scenario: string) {
    this.#folder = folder;
    this.#database = database;
    this.#scenario = scenario;
  }

  get #case(): string {
    return join(this.#folder, "case");
  }

  get #places(): CloudPlaces {
    return placesIn(this.#case, this.#database.url(this.#case));
  }

  /** Whether the scenario's operation can be taken back. */
  get goesBack(): boolean {
    return this.#definition.fail !== undefined;
  }

  /** Makes the beginning, and keeps it. */
  async prepare(): Promise<void> {
    await rm(this.#case, { recursive: true, force: true });
    await prepareCase(this.#case, this.#places, this.#definition);
    await rm(join(this.#folder, "kept"), { recursive: true, force: true });
    await rename(this.#case, join(this.#folder, "kept"));
    await this.#database.keep();
  }

  /** Every kill that can be made: a run without one tells which boundaries it reaches, and how often. */
  async kills(fails: boolean): Promise<readonly Kill[]> {
    await this.#restore();
    const log = join(this.#folder, "reached");
    await this.#child({ scenario: this.#scenario, fails, kill: null, log });
    const times = new Map<string, number>();
    return (await readFile(log, "utf8"))
      .split("\n")
      .filter((boundary) => boundary !== "")
      .map((boundary) => {
        const time = (times.get(boundary) ?? 0) + 1;
        times.set(boundary, time);
        return { scenario: this.#scenario, fails, boundary, time };
      });
  }

  /** Makes one kill, lets the next process go on, and says what is wrong then. */
  async kill(kill: Kill): Promise<KillOutcome> {
    await this.#restore();
    const log = join(this.#folder, "log");
    const { boundary, time, fails } = kill;
    const died = await this.#child({ scenario: this.#scenario, fails, kill: { boundary, time }, log });
    const outcome = { ...kill, dialect: this.#database.dialect, killed: died.signal === "SIGKILL" ? 1 : 0 };
    if (outcome.killed === 0 && died.code !== 0) return { ...outcome, wrong: [`it failed: ${died.said}`] };
    if (kill.again !== undefined) {
      const next = await this.#child({ scenario: null, fails: false, kill: { boundary: null, time: kill.again }, log });
      if (next.signal === "SIGKILL") outcome.killed += 1;
      else if (next.code !== 0) return { ...outcome, wrong: [`the next process failed: ${next.said}`] };
    }
    try {
      await recover(this.#places);
    } catch (error) {
      return { ...outcome, wrong: [`the next process failed: ${inspect(error)}`] };
    }
    const findings = (await checkCloud(this.#places)).map(({ kind, what }) => `${kind}: ${what}`);
    return { ...outcome, wrong: [...findings, ...(await this.#endings(kill))] };
  }

  get #definition() {
    const scenario = scenarios[this.#scenario];
    if (scenario === undefined) throw new Error(`There is no scenario ${this.#scenario}.`);
    return scenario;
  }

  /** Whether the operation ended as it should: a kill never changes an operation's outcome. */
  async #endings({ fails }: Kill): Promise<readonly string[]> {
    await using store = await openStore(this.#places.database);
    const facts = await store.read();
    const operation = facts.operations.toSorted((a, b) => (String(a["id"]) < String(b["id"]) ? 1 : -1))[0];
    const state = operation?.["state"];
    const { succeeded, failed } = this.#definition.ends;
    // A fault of the dead process's memory is gone with it: what it had not met yet succeeds after all.
    const wanted =
      state === "succeeded"
        ? succeeded
        : (fails || this.#definition.mayFail) && state === "failed"
          ? failed
          : undefined;
    if (wanted === undefined) return [`operation ended ${String(state)}`];
    const servers = facts.servers
      .filter((server) => server["state"] !== "deleted" && server["name"] === "web-0")
      .map((server) => server["state"]);
    const strangers = (await readFakeWorld(this.#places.fakeDir)).flatMap((host) => host.strangers);
    const asBefore = strangers.filter(({ key, power }) => key === "by-hand" && power === "stopped").length;
    const images = facts.images.filter((image) => image["state"] === "active").length - 2;
    return [
      ...(servers[0] === (wanted.server === "none" ? undefined : wanted.server)
        ? []
        : [`the server is ${String(servers[0])}, not ${wanted.server}`]),
      ...(asBefore === (wanted.strangers ?? 0) && asBefore === strangers.length
        ? []
        : [`there are guests of others: ${JSON.stringify(strangers)}`]),
      ...(images === wanted.images ? [] : [`there are ${images} images more, not ${wanted.images}`]),
    ];
  }

  async #restore(): Promise<void> {
    await rm(this.#case, { recursive: true, force: true });
    await run("cp", ["-a", "--sparse=always", join(this.#folder, "kept"), this.#case]);
    await this.#database.restore();
  }

  #child(task: Omit<ChildTask, "folder" | "database" | "hosts">): Promise<ChildEnd> {
    return runChild({ ...task, folder: this.#case, database: this.#database.url(this.#case), hosts: null });
  }
}
