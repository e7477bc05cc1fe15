import { z } from "zod";
import { parseJson } from "./json.ts";
import type { HostModel } from "./model.ts";

/** The routing protocol's number that marks routes as ours. */
export const routeProtocol = 199;

/** Addresses on other hosts, and how they are reached: `via 172.20.0.2 dev eth0`. */
export type RouteState = ReadonlyMap<string, string>;

/** The routes that a model asks for. */
export const wantedRoutes = ({ routes, uplinks }: HostModel): RouteState =>
  new Map(Array.from(routes, ([address, via]) => [address, `via ${via} dev ${uplinks.internal}`]));

/** Lines of `ip -batch` that leave exactly the wanted routes. */
export function planRoutes(present: RouteState, wanted: RouteState): string[] {
  const lines: string[] = [];
  for (const address of present.keys()) {
    if (!wanted.has(address)) lines.push(`route del ${address} proto ${routeProtocol}`);
  }
  for (const [address, way] of wanted) {
    if (present.get(address) !== way) lines.push(`route replace ${address} ${way} proto ${routeProtocol}`);
  }
  return lines;
}

const Routes = z.array(
  z.object({ dst: z.string().optional(), gateway: z.string().optional(), dev: z.string().optional() }),
);

/** Our routes in the output of `ip -j route show proto 199`. */
export function parseRoutes(json: string): RouteState {
  const parsed = Routes.safeParse(parseJson(json));
  const routes = parsed.success ? parsed.data : [];
  return new Map(
    routes.flatMap(({ dst, gateway, dev }) => (dst === undefined ? [] : [[dst, `via ${gateway} dev ${dev}`]])),
  );
}
