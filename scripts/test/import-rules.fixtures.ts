/** A file that breaks one import rule (and perhaps others with it), and what it must not import. */
export interface Fixture {
  readonly rule: string;
  readonly from: string;
  readonly imports: string;
}

/** One for each rule of `.dependency-cruiser.mjs`. */
export const fixtures: readonly Fixture[] = [
  { rule: "no-circular", from: "packages/core/src/a.ts", imports: "./b.ts" },
  { rule: "resolvable", from: "packages/core/src/servers/service.ts", imports: "./nowhere.ts" },
  { rule: "no-deep-import", from: "packages/testing/test/deep.test.ts", imports: "../../core/src/errors.ts" },
  { rule: "no-deep-import", from: "examples/service/src/main.ts", imports: "../../../packages/core/src/errors.ts" },
  { rule: "no-deep-import-by-tools", from: "bench/deep.ts", imports: "../packages/core/src/errors.ts" },
  { rule: "source-imports-no-test", from: "packages/agent/src/helped.ts", imports: "../test/helper.ts" },
  { rule: "core-knows-nobody", from: "packages/core/src/cloud.ts", imports: "../../scheduler/src/index.ts" },
  { rule: "core-stays-small", from: "packages/core/src/http.ts", imports: "got" },
  { rule: "ports-and-agent-keep-no-state", from: "packages/core/src/ports/index.ts", imports: "../servers/model.ts" },
  { rule: "ports-and-agent-keep-no-state", from: "packages/core/src/agent/index.ts", imports: "knex" },
  { rule: "ports-and-agent-load-little", from: "packages/core/src/agent/index.ts", imports: "reflect-metadata" },
  {
    rule: "only-compositions-compose",
    from: "packages/driver-fake/src/index.ts",
    imports: "../../image-store/src/index.ts",
  },
  {
    rule: "only-driver-libvirt-speaks-libvirt",
    from: "packages/network-qos/src/index.ts",
    imports: "../../libvirt-rpc/src/index.ts",
  },
  { rule: "core-by-its-ports", from: "packages/notifiers/src/index.ts", imports: "../../core/src/index.ts" },
  { rule: "agent-needs-no-cloud", from: "packages/agent/src/index.ts", imports: "../../core/src/index.ts" },
  { rule: "scheduler-is-pure", from: "packages/scheduler/src/clock.ts", imports: "node:timers" },
  { rule: "scheduler-needs-zod-alone", from: "packages/scheduler/src/stream.ts", imports: "rxjs" },
  {
    rule: "libvirt-rpc-stands-alone",
    from: "packages/libvirt-rpc/src/typed.ts",
    imports: "../../core/src/ports/index.ts",
  },
  { rule: "conformance-needs-vitest-alone", from: "packages/conformance/src/index.ts", imports: "fast-check" },
];

/** What fixtures lead to, and imports that every rule allows. */
export const surroundings: Readonly<Record<string, readonly string[]>> = {
  "packages/core/src/b.ts": ["./a.ts"],
  "packages/core/src/errors.ts": ["zod"],
  "packages/core/src/index.ts": ["./ports/index.ts", "knex", "inversify", "node:crypto"],
  "packages/core/src/servers/model.ts": ["./store.ts"],
  "packages/core/src/servers/store.ts": ["../database/client.ts"],
  "packages/core/src/database/client.ts": ["knex", "better-sqlite3"],
  "packages/agent/test/helper.ts": ["vitest"],
  "packages/scheduler/src/index.ts": ["../../core/src/ports/index.ts", "zod"],
  "packages/image-store/src/index.ts": ["../../core/src/ports/index.ts", "got", "node:fs"],
  "packages/libvirt-rpc/src/index.ts": ["node:net"],
  "packages/driver-libvirt/src/index.ts": ["../../libvirt-rpc/src/index.ts", "../../core/src/ports/index.ts"],
  "packages/testing/src/index.ts": ["../../core/src/index.ts", "../../driver-fake/src/index.ts"],
  "packages/testing/test/testing.test.ts": ["../src/index.ts", "vitest"],
  "bench/scheduler.ts": ["../packages/scheduler/src/index.ts"],
};
