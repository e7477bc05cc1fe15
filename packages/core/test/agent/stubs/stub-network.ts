import { z } from "zod";
import { networkDriverModule } from "../../../src/ports/index.ts";
import { stubHost } from "./stub-host.ts";

/** A network driver that does as its {@link stubHost} is told. */
export default networkDriverModule({
  options: z.strictObject({ key: z.string() }),
  async open({ key }, { signal, stateDir }) {
    const host = stubHost(key);
    await host.call("open", "network", signal, stateDir);
    return {
      capabilities: { shaping: true, isolation: true },
      inventory: async () => ({ internalKbit: 500_000, externalKbit: 250_000 }),
      async apply(update, applySignal) {
        host.updates.push(update);
        await host.call("apply", String(update.revision), applySignal);
        host.network = update.desired;
      },
      async *list() {
        yield* Array.from(host.network.bindings.values(), ({ tap, classId }) => ({ tap, classId }));
      },
      async recover() {
        await host.call("recover", "network");
      },
      async [Symbol.asyncDispose]() {
        await host.call("dispose", "network");
      },
    };
  },
});
