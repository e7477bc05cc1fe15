import { CloudHostError } from "@cloudhost/core";
import { describe, expect, it } from "vitest";
import { exitCodeOfFailure, failureOf } from "../src/failure.ts";

const state = "/srv/quickstart";

describe("a failure", () => {
  it("says what to do about it", () => {
    const details = { dependency: "qemu-img", remedy: "Install qemu-utils." };
    expect(failureOf(new CloudHostError("DEPENDENCY_MISSING", "qemu-img is missing.", details), { state })).toEqual({
      event: "failed",
      code: "DEPENDENCY_MISSING",
      message: "qemu-img is missing.",
      advice: ["Install qemu-utils."],
    });
  });

  it("tells the reason where the message does not", () => {
    const short = new CloudHostError("HOST_UNAVAILABLE", "The store cannot be used.", { host: "fs", reason: "EACCES" });
    const long = new CloudHostError("HOST_UNAVAILABLE", "No: EACCES", { host: "fs", reason: "EACCES" });
    expect(failureOf(short, { state }).message).toBe("The store cannot be used. (EACCES)");
    expect(failureOf(long, { state }).message).toBe("No: EACCES");
  });

  it("has an exit code of its own for a folder that is in use", () => {
    const locked = failureOf(new CloudHostError("LOCKED", "Taken.", { resource: state, by: "process 7" }), { state });
    expect(locked.advice).toEqual(["Let it end, or give this one a folder of its own: --state DIR."]);
    expect(exitCodeOfFailure(locked)).toBe(3);
    expect(exitCodeOfFailure(failureOf(new Error("broken"), { state }))).toBe(1);
  });
});
