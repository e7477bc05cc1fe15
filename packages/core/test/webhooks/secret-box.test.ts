import { describe, expect, it } from "vitest";
import { SecretBox } from "../../src/webhooks/secret-box.ts";

const key = Buffer.alloc(32, 7).toString("base64");
const secret = "whsec_0123456789abcdef";

describe("a webhook's secret in its row", () => {
  it("is encrypted with the operator's key, another way each time, and opens again", () => {
    const box = new SecretBox(key);
    const [one, two] = [box.seal(secret, "whk_1"), box.seal(secret, "whk_1")];
    expect(one).not.toContain(secret);
    expect(one).not.toBe(two);
    expect([one, two].map((sealed) => box.open(sealed, "whk_1"))).toEqual([secret, secret]);
  });

  it("opens with no other key, in no other row, and not when it was changed", () => {
    const box = new SecretBox(key);
    const sealed = box.seal(secret, "whk_1");
    const fault: unknown = expect.objectContaining({ code: "DEPENDENCY_MISSING" });
    expect(() => new SecretBox(Buffer.alloc(32, 8).toString("base64")).open(sealed, "whk_1")).toThrow(fault);
    expect(() => new SecretBox(undefined).open(sealed, "whk_1")).toThrow(fault);
    expect(() => box.open(sealed, "whk_2")).toThrow(fault);
    expect(() => box.open(`${sealed.slice(0, -4)}AAA=`, "whk_1")).toThrow(fault);
  });

  it("is kept as it is without a key, and still opens once there is one", () => {
    const sealed = new SecretBox(undefined).seal(secret, "whk_1");
    expect(new SecretBox(key).open(sealed, "whk_1")).toBe(secret);
  });

  it("is of 32 random bytes where nobody gave one", () => {
    const box = new SecretBox(undefined);
    expect(box.make()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(box.make()).not.toBe(box.make());
  });
});
