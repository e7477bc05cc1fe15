import { guardQueries, parseGuards } from "./guards/parse.ts";
import { parseLinks } from "./links/parse.ts";
import { parseRoutes, routeProtocol } from "./routes.ts";
import { parseRules } from "./rules/parse.ts";
import { commandFailed, outputOf } from "./run/command.ts";
import { destinationSet, parseSets, sourceSet } from "./sets/tenant-sets.ts";
import { parseSettings, wantedSettings } from "./settings.ts";
import { parseShaping, shapingQueries } from "./shaping/parse.ts";
import type { LinkState } from "./links/state.ts";
import type { HostModel } from "./model.ts";
import type { Command, RunCommand } from "./run/command.ts";
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
      this.#linksWithTc(model),
      this.sets(),
      this.rules(),
      this.settings(wantedSettings(model).keys()),
      this.routes(),
    ]);
    return { links, shaping, guards, sets, rules, settings, routes };
  }

  /** The links, with what tc has on them. */
  async #linksWithTc(model: HostModel): Promise<Pick<HostState, "links" | "shaping" | "guards">> {
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
    const saved = await Promise.all([sourceSet, destinationSet].map((name) => this.#saved(name)));
    return parseSets(saved.join(""));
  }

  /** One set's entries; of one that is not there nothing. */
  async #saved(name: string): Promise<string> {
    const command: Command = { argv: ["ipset", "save", name] };
    const result = await this.#run(command);
    if (result.exitCode !== 0 && !result.stderr.includes("does not exist"))
      throw commandFailed(command, result, this.#host);
    return result.stdout;
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

  /**
   * What `tc` shows for many lines at once: those whose device or block is not there show nothing. Whatever else it
   * says is a failure: what was not shown must not be taken for absent.
   */
  async #shown(queries: readonly string[]): Promise<string> {
    if (queries.length === 0) return "";
    const command: Command = { argv: ["tc", "-force", "-batch", "-"], input: `${queries.join("\n")}\n` };
    const result = await this.#run(command);
    const onlyAbsent = /^((Cannot find (device|block) ".*"|Command failed -:\d+)\n)+$/.test(result.stderr);
    if (result.exitCode !== 0 && !onlyAbsent) throw commandFailed(command, result, this.#host);
    return result.stdout;
  }

  #output(program: string, ...args: readonly string[]): Promise<string> {
    return outputOf(this.#run, { argv: [program, ...args] }, this.#host);
  }
}
