import { guardQueries, parseGuards } from "./guards/parse.ts";
import { parseLinks } from "./links/parse.ts";
import { parseRoutes, routeProtocol } from "./routes.ts";
import { parseRules } from "./rules/parse.ts";
import { outputOf } from "./run/command.ts";
import { destinationSet, parseSets, sourceSet } from "./sets/tenant-sets.ts";
import { parseSettings, wantedSettings } from "./settings.ts";
import { parseShaping, shapingQueries } from "./shaping/parse.ts";
import type { LinkState } from "./links/state.ts";
import type { HostModel } from "./model.ts";
import type { RunCommand } from "./run/command.ts";
import type { RouteState } from "./routes.ts";
import type { RuleState } from "./rules/state.ts";
import type { SetState } from "./sets/tenant-sets.ts";
import type { SettingState } from "./settings.ts";
import type { ShapingState } from "./shaping/state.ts";
import type { HostState } from "./state.ts";

/** Reads a host's kernel. */
export class HostReader {
  readonly #run: RunCommand;
  readonly #host: string;

  constructor(run: RunCommand, host: string) {
    this.#run = run;
    this.#host = host;
  }

  /**
   * All that is ours, as far as this model can have a say in it.
   * @throws CloudHostError `HOST_UNAVAILABLE`
   */
  async state(model: HostModel): Promise<HostState> {
    const [{ links, shaping, guards }, sets, rules, settings, routes] = await Promise.all([
      this.#links(model),
      this.sets(),
      this.rules(),
      this.settings(wantedSettings(model).keys()),
      this.routes(),
    ]);
    return { links, shaping, guards, sets, rules, settings, routes };
  }

  /** The links, with what tc has on them. */
  async #links(model: HostModel): Promise<Pick<HostState, "links" | "shaping" | "guards">> {
    const links = await this.links(model.bridge);
    const [shaping, guards] = await Promise.all([
      this.shaping(model),
      this.#shown(guardQueries(links.taps.keys())).then(parseGuards),
    ]);
    return { links, shaping, guards };
  }

  async links(bridge: string): Promise<LinkState> {
    return parseLinks(await this.#output("ip", "-j", "-d", "address", "show"), bridge);
  }

  async shaping(model: Pick<HostModel, "capacity">): Promise<ShapingState> {
    return parseShaping(model, await this.#shown(shapingQueries(model)));
  }

  async sets(): Promise<SetState> {
    // A set that is not there is an exit code, and nothing printed.
    const saved = await Promise.all(
      [sourceSet, destinationSet].map((name) => this.#run({ argv: ["ipset", "save", name] })),
    );
    return parseSets(saved.map(({ stdout }) => stdout).join(""));
  }

  async rules(): Promise<RuleState> {
    return parseRules(await this.#output("iptables-save"));
  }

  async routes(): Promise<RouteState> {
    return parseRoutes(await this.#output("ip", "-j", "-4", "route", "show", "proto", String(routeProtocol)));
  }

  /** These settings, as far as there are such. */
  async settings(keys: Iterable<string>): Promise<SettingState> {
    return parseSettings(await this.#output("sysctl", "-e", ...keys));
  }

  /** What `tc` shows for many lines at once: those whose device is not there show nothing. */
  async #shown(queries: readonly string[]): Promise<string> {
    if (queries.length === 0) return "";
    const { stdout } = await this.#run({ argv: ["tc", "-force", "-batch", "-"], input: `${queries.join("\n")}\n` });
    return stdout;
  }

  #output(program: string, ...args: readonly string[]): Promise<string> {
    return outputOf(this.#run, { argv: [program, ...args] }, this.#host);
  }
}
