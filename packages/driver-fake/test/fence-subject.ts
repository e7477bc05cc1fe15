import type { HostFenceSubject } from "@cloudhost/conformance";
import { sampleGuest } from "@cloudhost/conformance";
import { VirtualClock } from "@cloudhost/core/ports";
import { join } from "node:path";
import { fakeFleet, fakePower, holdFakeWorld } from "../src/index.ts";
import { contextOf, openCompute } from "./open.ts";
import { temporaryFolder } from "./subject.ts";

/** Two fake hosts in a folder, a guest running on each; a host that has power again starts its guest. */
export async function openFenceSubject(): Promise<HostFenceSubject> {
  await using opening = new AsyncDisposableStack();
  const dir = await temporaryFolder(opening);
  const clock = new VirtualClock();
  const fleet = fakeFleet({ hosts: 2, requireTaps: false, state: join(dir, "state") });
  const power = fakePower(fleet, clock);
  const world = opening.use(holdFakeWorld(fleet));
  const { guest: spec } = await sampleGuest(join(dir, "images"));
  const computes = await Promise.all(
    fleet.map(async (config) => {
      const compute = opening.use(await openCompute(config, contextOf(config, clock, dir)));
      await compute.define(spec);
      await compute.start(spec.id);
      return compute;
    }),
  );
  const [dead, other] = fleet.map(({ name, zone }, index) => ({ id: `hst_${`${index}`.repeat(26)}`, name, zone }));
  if (dead === undefined || other === undefined) throw new Error("There are two hosts.");
  const cleanup = opening.move();
  return {
    fence: power,
    hosts: [dead, other],
    breakDevice: () => power.failNext("fence", { times: Infinity }),
    async runs({ name }) {
      const compute = computes[fleet.findIndex((config) => config.name === name)];
      // What a host without power answers is nothing; one that has it again boots, and its guest with it.
      if (!power.isOff(name)) await compute?.start(spec.id);
      const view = (await world.read()).find(({ host }) => host === name);
      return view?.guests.some((guest) => guest.power === "running") ?? false;
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
