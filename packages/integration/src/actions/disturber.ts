import { ended } from "./ends.ts";
import { fakeHostName } from "./fleet.ts";
import type { ActionFleet } from "./fleet.ts";
import { projectNames } from "./plan.ts";
import type { Disturbance } from "./plan.ts";

/** Makes things go wrong, and puts them right again. */
export class Disturber {
  /** Projects that take nothing new now. */
  readonly suspended = new Set<string>();
  /** The host that is dead and fenced now. */
  fenced: string | undefined;
  readonly #fleet: ActionFleet;
  #stopped = false;

  constructor(fleet: ActionFleet) {
    this.#fleet = fleet;
  }

  /** Before the actions are asked for. */
  async begin(what: Disturbance): Promise<void> {
    const { faults, ops } = this.#fleet;
    if (what.kind === "driver") {
      const { method, how, final, times } = what;
      const options = { times, code: final ? "CONFLICT" : "HOST_UNAVAILABLE" } as const;
      faults[how === "fail" ? "failNext" : "crashNext"](fakeHostName(what.host), method, options);
    } else if (what.kind === "unplugged host") faults.unplug(fakeHostName(what.host));
    else if (what.kind === "disabled host") await ops.hosts.disable(fakeHostName(what.host));
    else if (what.kind === "small quota") await ops.quotas.set(name(what), { servers: what.servers });
    else if (what.kind === "suspended project") {
      await ops.projects.suspend(name(what));
      this.suspended.add(name(what));
      await this.#learnt();
    } else if (what.kind === "dead host") await this.#kill(fakeHostName(what.host));
  }

  /** Once they are accepted or refused. */
  async middle({ kind }: Disturbance): Promise<void> {
    if (kind !== "stopped process") return;
    this.#stopped = true;
    await this.#fleet.stop(1);
  }

  /** Some virtual seconds later, for what lasts until then. */
  async late(seconds: number): Promise<void> {
    if (seconds < 20) return;
    this.#fleet.faults.clear();
    if (this.#stopped) await this.#fleet.start(1);
    this.#stopped = false;
  }

  async end(what: Disturbance): Promise<void> {
    const { faults, ops } = this.#fleet;
    faults.clear();
    await this.late(Infinity);
    if (what.kind === "disabled host") await ops.hosts.enable(fakeHostName(what.host));
    else if (what.kind === "small quota") await ops.quotas.set(name(what), { servers: 30 });
    else if (what.kind === "suspended project") {
      await ops.projects.resume(name(what));
      this.suspended.delete(name(what));
      await this.#learnt();
    } else if (this.fenced !== undefined) await this.#revive(this.fenced);
  }

  async #kill(host: string): Promise<void> {
    const { ops, power } = this.#fleet;
    this.fenced = host;
    await power.cut(host);
    await (await ops.hosts.fence(host, { evenIfUp: true })).result();
  }

  async #revive(host: string): Promise<void> {
    const { ops } = this.#fleet;
    await ended(this.#fleet, [(await ops.hosts.unfence(host)).id]);
    await ops.hosts.enable(host);
    this.fenced = undefined;
  }

  /** The other process remembers projects for a second. */
  async #learnt(): Promise<void> {
    await this.#fleet.clock.advance({ seconds: 1 });
  }
}

const name = ({ project }: { readonly project: number }): string => projectNames[project] ?? "";
