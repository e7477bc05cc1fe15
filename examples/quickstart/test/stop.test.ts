import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { Stop, Stopped, exitCodeOf } from "../src/stop.ts";

describe("a stop", () => {
  it("gives what the work gives until it fires", async () => {
    using stop = new Stop(new EventEmitter());
    await expect(stop.until(Promise.resolve(7))).resolves.toBe(7);
    await expect(stop.until(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(stop.name).toBeUndefined();
  });

  it("lets nobody wait longer, also who comes later", async () => {
    const source = new EventEmitter();
    using stop = new Stop(source);
    const waiting = stop.until(new Promise(() => {}));
    source.emit("SIGINT");
    await expect(waiting).rejects.toBeInstanceOf(Stopped);
    await expect(stop.until(Promise.resolve(7))).rejects.toBeInstanceOf(Stopped);
    expect(() => stop.throwIfStopped()).toThrow(Stopped);
  });

  it("is told once, however often Ctrl-C is pressed", () => {
    const source = new EventEmitter();
    using stop = new Stop(source);
    const told: string[] = [];
    stop.whenFired((name) => told.push(name));
    source.emit("SIGTERM");
    source.emit("SIGINT");
    source.emit("SIGINT");
    stop.whenFired((name) => told.push(`${name}, later`));
    expect(told).toEqual(["SIGTERM", "SIGTERM, later"]);
  });

  it("leaves no listener behind", () => {
    const source = new EventEmitter();
    const stop = new Stop(source);
    expect(source.eventNames()).toEqual(["SIGINT", "SIGTERM", "SIGHUP"]);
    stop[Symbol.dispose]();
    expect(source.eventNames()).toEqual([]);
  });

  it("has the exit codes of shells", () => {
    expect([exitCodeOf("SIGINT"), exitCodeOf("SIGTERM"), exitCodeOf("SIGPIPE")]).toEqual([130, 143, 141]);
  });
});
