import { describeBus } from "@cloudhost/conformance";
import { InProcessBus } from "../../src/agent/index.ts";
import type { BusFaults } from "../../src/agent/index.ts";
import { VirtualClock, systemClock } from "../../src/ports/index.ts";

/** Opens a bus on a virtual clock, that behaves or misbehaves. */
const open = (faults?: BusFaults) => async () => {
  const clock = new VirtualClock();
  const bus = new InProcessBus({ clock, requestTimeoutMs: 500, faults });
  return { bus, agents: bus, clock, quietAfterMs: 200, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
};

describeBus("InProcessBus", open());

describeBus("InProcessBus on the machine's clock", async () => {
  const clock = systemClock();
  const bus = new InProcessBus({ clock, requestTimeoutMs: 100 });
  return { bus, agents: bus, clock, quietAfterMs: 20, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
});

for (const seed of [1, 2, 3]) {
  describeBus(
    `InProcessBus with the faults of seed ${seed}`,
    open({ seed, drop: 0.2, repeat: 0.3, delayMs: 100, reorder: 0.3 }),
  );
}
