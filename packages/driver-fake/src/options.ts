import { isAbsolute } from "node:path";
import { ResourceAmountsSchema, milliEcuPerCoreOf } from "@cloudhost/core/ports";
import { z } from "zod";

const count = z.int().min(1);
const amount = z.int().min(0);

/** A host's processors: all its sockets together. */
export const FakeCpu = z
  .strictObject({
    /** As the machine would name it. */
    model: z.string().min(1),
    /** Physical cores. */
    cores: count,
    /** Compute of one core in mEUCU. By default the model's own figure, where it is known. */
    milliEcuPerCore: count.optional(),
  })
  .refine(({ model, milliEcuPerCore }) => (milliEcuPerCore ?? milliEcuPerCoreOf(model)) !== undefined, {
    path: ["milliEcuPerCore"],
    message: "no figure is known for this CPU model: state one",
  });
export type FakeCpu = z.infer<typeof FakeCpu>;

/** Two Intel Xeon E5-2650: 16 cores of 4 EUCU. */
export const xeonE52650: FakeCpu = { model: "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz", cores: 16 };

/** Two AMD Opteron 6276: 32 cores of 3 EUCU. */
export const opteron6276: FakeCpu = { model: "AMD Opteron(TM) Processor 6276", cores: 32 };

/** What a fake host's drivers say they can do. All of it unless told otherwise. */
const FakeCapabilities = z.strictObject({
  cpuQuota: z.boolean().default(true),
  guestReady: z.boolean().default(true),
  directBoot: z.boolean().default(true),
  rescue: z.boolean().default(true),
  pause: z.boolean().default(true),
  suspend: z.boolean().default(true),
  liveResize: z.boolean().default(true),
  liveDisks: z.boolean().default(true),
  liveNics: z.boolean().default(true),
  moveDisks: z.boolean().default(true),
  keepDisks: z.boolean().default(true),
  consoleLog: z.boolean().default(true),
  adopt: z.boolean().default(true),
  shaping: z.boolean().default(true),
  isolation: z.boolean().default(true),
});

/** Options of both drivers of a fake host, as `fakeHost()` writes them: JSON, fit for a file. */
export const FakeHostOptions = z.strictObject({
  /** Names the world it belongs to among those of this process; faults reach it by this name. */
  world: z.string().min(1),
  /** Folder in which each host keeps its world, in a folder of its own. In memory where it is missing. */
  state: z.string().refine(isAbsolute, "not an absolute path").optional(),
  cpu: FakeCpu,
  /** Before the reserve, like all that follows. */
  memoryMib: count,
  diskGib: count,
  /** Of the uplink to the other hosts. */
  internalKbit: amount,
  /** Of the uplink to the public. */
  externalKbit: amount,
  /** Further countable resources that it has, such as GPUs: what the product declared. */
  resources: ResourceAmountsSchema.default({}),
  /** Of the host on the internal network. */
  internalAddress: z.ipv4().optional(),
  /** From a guest's start until its OS has booted. */
  bootMs: amount.default(2000),
  /** How long a guest's OS takes to shut down when it is asked to. */
  shutdownMs: amount.default(500),
  /** Whether a guest starts only with its taps, as on a real host. `false` is for tests of the compute driver alone. */
  requireTaps: z.boolean().default(true),
  capabilities: FakeCapabilities.prefault({}),
});
export type FakeHostOptions = z.infer<typeof FakeHostOptions>;
