import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { CloudHostError, errorCodes, isCloudHostError } from "../src/errors.ts";
import type { ErrorJson } from "../src/errors.ts";

const full = new CloudHostError(
  "QUOTA_EXCEEDED",
  "Too much.",
  { exceeded: [{ quota: "servers", need: 1, used: 30, limit: 30 }] },
  { retryable: true, cause: new Error("inner") },
);

describe("CloudHostError", () => {
  it("crosses a journal, a bus or a worker as JSON", () => {
    const json = JSON.parse(JSON.stringify(full)) as ErrorJson;
    expect(json).toEqual({
      code: "QUOTA_EXCEEDED",
      message: "Too much.",
      details: { exceeded: [{ quota: "servers", need: 1, used: 30, limit: 30 }] },
      retryable: true,
    });
    const again = CloudHostError.fromJSON(json);
    expect(again).toBeInstanceOf(CloudHostError);
    expect(again.toJSON()).toEqual(json);
    expect(again.name).toBe("CloudHostError");
  });

  it("keeps a newer peer's code in the details of an INTERNAL one", () => {
    const newer = { code: "TOO_HOT", message: "It is too hot.", details: { celsius: 90 }, retryable: true };
    expect(CloudHostError.fromJSON(newer as never).toJSON()).toEqual({
      code: "INTERNAL",
      message: "It is too hot.",
      details: { code: "TOO_HOT" },
      retryable: true,
    });
  });

  it("is known across copies of the package, where instanceof is not", async () => {
    const copy = (await import(`${new URL("../src/errors.ts", import.meta.url).href}?copy`)) as {
      CloudHostError: typeof CloudHostError;
    };
    const stranger: unknown = new copy.CloudHostError("LOCKED", "Taken.", { resource: "r", by: "them" });
    expect(stranger).not.toBeInstanceOf(CloudHostError);
    expect(isCloudHostError(stranger)).toBe(true);
    expect(isCloudHostError(stranger, "LOCKED")).toBe(true);
    expect(isCloudHostError(stranger, "CONFLICT")).toBe(false);
    expect(CloudHostError.from(stranger)).toBe(stranger);
  });

  it.each([[new Error("LOCKED")], [{ code: "LOCKED" }], [null], [undefined], ["LOCKED"]])("is not %o", (other) => {
    expect(isCloudHostError(other)).toBe(false);
  });

  it("is made of any thrown thing, with that as the cause", () => {
    const cause = new TypeError("x is not a function");
    expect(CloudHostError.from(cause)).toMatchObject({ code: "INTERNAL", details: { reason: cause.message }, cause });
    expect(CloudHostError.from("a string")).toMatchObject({ code: "INTERNAL", message: "a string" });
    expect(CloudHostError.from(full)).toBe(full);
  });

  it("has a heading in docs/errors.md for each of its codes, in that order", async () => {
    const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    expect([...page.matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code)).toEqual(errorCodes);
  });
});
