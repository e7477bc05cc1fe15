// Works on a fake host in a folder and kills itself at a commit of the journal. Its parent reads what was begun and ended.
import { systemClock } from "@cloudhost/core/ports";
import type { ComputeDriver, ComputeExtensions, GuestSpec } from "@cloudhost/core/ports";
import { fakeHost } from "../../src/index.ts";
import { HostWorld } from "../../src/world/host-world.ts";
import { contextOf, openCompute } from "../open.ts";
import { steps } from "./steps.ts";

const { state, guest, killAt } = JSON.parse(process.argv[2] ?? "") as {
  readonly state: string;
  readonly guest: GuestSpec;
  /** After this commit, counted from 1, the journal has the record and nothing is done yet. `null`: never. */
  readonly killAt: number | null;
};

// oxlint-disable-next-line typescript/unbound-method -- it is called with its host below
const commit = HostWorld.prototype.commit;
let commits = 0;
HostWorld.prototype.commit = async function killing(record) {
  await commit.call(this, record);
  commits += 1;
  if (commits === killAt) process.kill(process.pid, "SIGKILL");
};

const config = fakeHost({ name: "host-1", state, bootMs: 1 });
const compute = (await openCompute(config, contextOf(config, systemClock()))) as ComputeDriver & ComputeExtensions;
for (const [name, step] of Object.entries(steps)) {
  process.stdout.write(`${name}\n`);
  await step(compute, guest);
}
process.stdout.write(`${commits} commits\n`);
await compute[Symbol.asyncDispose]();
