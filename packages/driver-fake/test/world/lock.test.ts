import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fakeHost } from "../../src/index.ts";
import { takeLock } from "../../src/world/lock.ts";
import { contextOf, openCompute } from "../open.ts";
import { temporaryFolder } from "../subject.ts";

describe("a fake host's lock", () => {
  it("is had by one at a time, and given back", async () => {
    await using stack = new AsyncDisposableStack();
    const path = join(await temporaryFolder(stack), "lock");
    const first = await takeLock(path, "it");
    await expect(takeLock(path, "it")).rejects.toMatchObject({
      code: "LOCKED",
      details: { resource: "it", by: `process ${process.pid}` },
    });
    await first[Symbol.asyncDispose]();
    await using second = await takeLock(path, "it");
    expect(second).toBeDefined();
  });

  it("goes to just one of many who come at once", async () => {
    await using stack = new AsyncDisposableStack();
    const path = join(await temporaryFolder(stack), "lock");
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(path, "it")));
    expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is free when its holder was killed, whatever was cut off", async () => {
    await using stack = new AsyncDisposableStack();
    const path = join(await temporaryFolder(stack), "lock");
    const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const dead = JSON.stringify({ claim: "a dead one's", pid: holder.pid, startedAt: "" });
    await appendFile(path, `\n${dead}\n{"claim":"cut o`);
    await expect(takeLock(path, "it")).rejects.toMatchObject({ details: { by: `process ${holder.pid}` } });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await using lock = await takeLock(path, "it");
    expect(lock).toBeDefined();
  });

  it("is not kept by a later process that got the same number", async () => {
    await using stack = new AsyncDisposableStack();
    const path = join(await temporaryFolder(stack), "lock");
    const other = JSON.stringify({ claim: "of another boot", pid: process.pid, startedAt: "boot 1" });
    await appendFile(path, `\n${other}\n`);
    await using lock = await takeLock(path, "it");
    expect(lock).toBeDefined();
  });

  it("keeps a second driver of the same part away, in this process too", async () => {
    const config = fakeHost({ name: "host-1" });
    const context = contextOf(config, systemClock());
    await using compute = await openCompute(config, context);
    await expect(openCompute(config, context)).rejects.toMatchObject({
      code: "LOCKED",
      details: { by: "this process" },
    });
    expect(await compute.inventory()).toBeDefined();
  });
});
