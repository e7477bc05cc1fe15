import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GuestSpec } from "@cloudhost/core/ports";
import { afterEach, assert, beforeEach, expect } from "vitest";
import { record } from "../../../../scripts/ledger.ts";
import { LibvirtComputeDriver } from "../../src/driver.ts";
import type { TestHost } from "./host.ts";
import { openDriver, testGuest } from "./subject.ts";

const bootMs = 90_000;

/** A driver with an empty state folder for each test, and the guests that the test makes with it. */
export interface TestGuests {
  /** The one that is open now. */
  readonly driver: LibvirtComputeDriver;
  readonly stateDir: string;
  /** A path in a guest's folder. */
  fileOf(guest: GuestSpec, name: string): string;
  consoleOf(guest: GuestSpec): Promise<string>;
  /** A guest that is defined and stopped. */
  defined(changes?: Partial<GuestSpec>, kernelArguments?: string): Promise<GuestSpec>;
  /** A guest whose OS has booted. */
  booted(kernelArguments?: string, changes?: Partial<GuestSpec>): Promise<GuestSpec>;
  isReady(guest: GuestSpec): Promise<void>;
  /** Another driver over the same state, as after the agent's restart. */
  reopen(): Promise<void>;
}

/** Registers the hooks that open a driver before each test, and remove its guests afterwards. */
export function useGuests(host: TestHost): TestGuests {
  let stateDir = "";
  let driver: LibvirtComputeDriver;
  let guests: GuestSpec[] = [];
  const open = async (): Promise<LibvirtComputeDriver> => {
    const opened = await openDriver(host, "host-1", stateDir);
    assert(opened instanceof LibvirtComputeDriver);
    return opened;
  };

  beforeEach(async () => {
    stateDir = await mkdtemp(join(host.dir, "s-"));
    driver = await open();
    guests = [];
  });
  afterEach(async () => {
    for (const { id } of guests) await driver.remove(id);
    await driver[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true });
  });

  const fileOf = (guest: GuestSpec, name: string): string => join(stateDir, "instances", guest.id, name);
  const defined = async (changes: Partial<GuestSpec> = {}, kernelArguments = ""): Promise<GuestSpec> => {
    const guest = { ...testGuest(host, kernelArguments), ...changes };
    guests.push(guest);
    await driver.define(guest);
    return guest;
  };
  const isReady = async (guest: GuestSpec): Promise<void> => {
    const polling = { timeout: bootMs, interval: 100 };
    await expect.poll(() => driver.get(guest.id), polling).toMatchObject({ ready: "ready" });
    record({ kind: "guestBooted", guest: guest.id });
  };
  return {
    get driver() {
      return driver;
    },
    get stateDir() {
      return stateDir;
    },
    fileOf,
    consoleOf: (guest) => readFile(fileOf(guest, "console.log"), "latin1"),
    defined,
    async booted(kernelArguments = "", changes = {}) {
      const guest = await defined(changes, kernelArguments);
      await driver.start(guest.id);
      await isReady(guest);
      return guest;
    },
    isReady,
    async reopen() {
      await driver[Symbol.asyncDispose]();
      driver = await open();
      await driver.recover();
    },
  };
}
