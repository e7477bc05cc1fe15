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

  it("leave ours as they are, and make faults of ours of the rest", async () => {
    const ours = new CloudHostError("CONFLICT", "no", { state: "a", allowed: [] });
    await expect(translated(context, () => Promise.reject(ours))).rejects.toBe(ours);
    await expect(translated(context, () => Promise.reject(new TypeError("x")))).rejects.toMatchObject({
      code: "INTERNAL",
    });
  });
});
