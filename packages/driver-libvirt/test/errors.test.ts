import { CloudHostError } from "@cloudhost/core/ports";
import { LibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { LibvirtErrorKind } from "@cloudhost/libvirt-rpc";
import { describe, expect, it } from "vitest";
import { toCloudHostError, translated } from "../src/errors.ts";

const guestId = "srv_01arz3ndektsv4rrffq69g5fav";
const context = { host: "host-1", guestId, what: `start ${guestId}` };
const libvirtError = (kind: LibvirtErrorKind, code: number = VIR.ERR_INTERNAL_ERROR): LibvirtError =>
  new LibvirtError("something", { kind, code });

describe("libvirt's errors", () => {
  it.each([
    ["disconnected", "HOST_UNAVAILABLE", true],
    ["protocol", "HOST_UNAVAILABLE", true],
    ["timeout", "DEADLINE_EXCEEDED", true],
    ["cancelled", "CANCELLED", false],
    ["unsupported", "UNSUPPORTED", false],
    ["argument", "INTERNAL", false],
    ["daemon", "INTERNAL", false],
  ] as const)("%s is %s", (kind, code, retryable) => {
    const cause = libvirtError(kind);
    expect(toCloudHostError(cause, context)).toMatchObject({ code, retryable, cause });
  });

  it("are a missing guest when the domain is gone", () => {
    expect(toCloudHostError(libvirtError("daemon", VIR.ERR_NO_DOMAIN), context)).toMatchObject({
      code: "GUEST_NOT_FOUND",
      details: { guestId },
      retryable: false,
    });
  });

  it("are a full disk when the operating system says so, to libvirt or to us", () => {
    const message = "unable to write: No space left on device";
    const ofLibvirt = new LibvirtError(message, { kind: "daemon", code: VIR.ERR_OPERATION_FAILED });
    for (const error of [ofLibvirt, new Error("ENOSPC: no space left on device, copyfile")]) {
      expect(toCloudHostError(error, context)).toMatchObject({ code: "EXHAUSTED", cause: error });
    }
  });

  it("leave ours as they are, and make faults of ours of the rest", async () => {
    const ours = new CloudHostError("CONFLICT", "no", { state: "a", allowed: [] });
    await expect(translated(context, () => Promise.reject(ours))).rejects.toBe(ours);
    await expect(translated(context, () => Promise.reject(new TypeError("x")))).rejects.toMatchObject({
      code: "INTERNAL",
    });
  });
});
