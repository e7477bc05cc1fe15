import { join } from "node:path";
import type { IConfiguration, IForbiddenRuleType } from "dependency-cruiser";
import { packages, root } from "./workspace.ts";

const escape = (text: string): string => text.replaceAll(/[.\\/-]/g, String.raw`\$&`);

/** The sources that packages name in their exports: all that others may import of them. */
const entries = packages().flatMap(({ folder, json }) =>
  Object.values(json.exports ?? {}).flatMap((target) =>
    typeof target === "string" ? [] : [join(folder, target["@cloudhost/source"])],
  ),
);
const anEntry = `^(${entries.map(escape).join("|")})$`;
const ports = String.raw`^packages/core/src/ports/index\.ts$`;
const agentEntry = String.raw`^packages/core/src/agent/index\.ts$`;
const portsOrAgent = `${ports}|${agentEntry}`;

/** Sources of every package but these. Compositions are in none of the rules about who may know whom. */
const sourcesBut = (...names: string[]): string =>
  `^packages/(?!(${[...names, "testing", "integration"].join("|")})/)[^/]+/src/`;
const sourcesOf = (name: string): string => `^packages/${name}/src/`;
const npmBut = (...names: string[]) => ({
  path: `node_modules/(?!(${names.map(escape).join("|")})/)`,
});

type Rule = Extract<IForbiddenRuleType, { readonly from: unknown; readonly to: unknown }>;

const forbid = (name: string, comment: string, from: Rule["from"], to: Rule["to"]): Rule => ({
  name,
  comment,
  severity: "error",
  from,
  to,
});

/** Who may import whom. Each rule has a file that breaks it in `test/import-rules.fixtures.ts`. */
export const configuration = {
  forbidden: [
    forbid("no-circular", "A circle has no first file to read.", {}, { circular: true }),
    forbid("resolvable", "An import leads somewhere.", {}, { couldNotResolve: true }),
    forbid(
      "no-deep-import",
      "What a package does not export is its own, also to the tests of others.",
      { path: "^(packages|examples)/([^/]+)/" },
      { path: "^packages/", pathNot: ["^$1/$2/", anEntry] },
    ),
    forbid(
      "no-deep-import-by-tools",
      "Benches and scripts are users as well.",
      { path: "^(bench|scripts)/" },
      { path: "^packages/", pathNot: anEntry },
    ),
    forbid(
      "source-imports-no-test",
      "What is shipped does not need what is not.",
      { path: "^(packages|examples)/[^/]+/src/" },
      { path: "/test/" },
    ),
    forbid(
      "core-knows-nobody",
      "It defines the ports of drivers and of the scheduler; it has none of them.",
      { path: sourcesOf("core") },
      { path: "^packages/", pathNot: "^packages/core/" },
    ),
    forbid(
      "core-stays-small",
      "Each further dependency would be everybody's.",
      { path: sourcesOf("core") },
      npmBut("zod", "rxjs", "inversify", "reflect-metadata", "knex", "better-sqlite3", "pg"),
    ),
    forbid(
      "ports-and-agent-keep-no-state",
      "A driver loads no database and no container.",
      { path: portsOrAgent },
      {
        path: [
          "node_modules/(knex|inversify|better-sqlite3|pg)/",
          "^packages/core/src/database/",
          String.raw`/(store|service)\.ts$`,
        ],
        reachable: true,
      },
    ),
    forbid(
      "ports-and-agent-load-little",
      "zod and rxjs only.",
      { path: portsOrAgent },
      { ...npmBut("zod", "rxjs"), reachable: true },
    ),
    forbid(
      "only-compositions-compose",
      "testing, integration and examples put packages together; the others know core, and one driver its client.",
      { path: "^packages/([^/]+)/src/", pathNot: "^packages/(testing|integration)/" },
      { path: "^packages/", pathNot: "^packages/($1|core|libvirt-rpc)/" },
    ),
    forbid(
      "only-driver-libvirt-speaks-libvirt",
      "libvirt-rpc is a library for one driver.",
      { path: sourcesBut("libvirt-rpc", "driver-libvirt") },
      { path: "^packages/libvirt-rpc/" },
    ),
    forbid(
      "core-by-its-ports",
      "Models, ports, schemas and errors are enough for everybody who does not compose.",
      { path: sourcesBut("core", "agent") },
      { path: "^packages/core/", pathNot: ports },
    ),
    forbid(
      "agent-needs-no-cloud",
      "The daemon of a host has the host's side of core, and nothing of its store.",
      { path: sourcesOf("agent") },
      { path: "^packages/core/", pathNot: portsOrAgent },
    ),
    forbid(
      "scheduler-is-pure",
      "It takes values and returns values: nothing of Node.",
      { path: sourcesOf("scheduler") },
      { dependencyTypes: ["core"] },
    ),
    forbid("scheduler-needs-zod-alone", "No other package.", { path: sourcesOf("scheduler") }, npmBut("zod")),
    forbid(
      "libvirt-rpc-stands-alone",
      "It is of use to anybody, and knows nothing of cloudhost.",
      { path: sourcesOf("libvirt-rpc") },
      { path: "^packages/", pathNot: "^packages/libvirt-rpc/" },
    ),
    forbid(
      "conformance-needs-vitest-alone",
      "Whoever runs the suites has vitest already.",
      { path: sourcesOf("conformance") },
      npmBut("vitest", "rxjs"),
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(root, "tsconfig.base.json") },
    doNotFollow: { path: "node_modules" },
    exclude: { path: String.raw`^(packages|examples)/[^/]+/dist/|node_modules/\.tmp/` },
    enhancedResolveOptions: {
      conditionNames: ["@cloudhost/source", "types", "import", "default"],
      exportsFields: ["exports"],
    },
  },
} satisfies IConfiguration;
