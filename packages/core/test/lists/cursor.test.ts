import { describe, expect, it } from "vitest";
import { cursorOf, fingerprintOf, positionOf } from "../../src/lists/cursor.ts";

const refused = expect.objectContaining({
  code: "INVALID_ARGUMENT",
  details: { issues: [expect.objectContaining({ path: "after" })] },
}) as Error;

describe("a cursor", () => {
  const list = fingerprintOf({ permission: "servers.list", where: { name: "a", state: ["active"] } });

  it.each([
    { key: "web-1", id: "srv_1" },
    { key: 1_700_000_000_000, id: "srv_1" },
    { key: "Größe", id: "名前" },
  ])("gives back the position %j, and needs no escaping in an address", (position) => {
    const cursor = cursorOf(list, position);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(positionOf(list, cursor)).toEqual(position);
  });

  it("is of a list that was asked for in the same way, in whatever order that was said", () => {
    expect(fingerprintOf({ where: { state: ["active"], name: "a" }, permission: "servers.list" })).toBe(list);
    expect(fingerprintOf({ permission: "servers.list", where: { name: "b", state: ["active"] } })).not.toBe(list);
  });

  it("of another list is refused, and so is what is none", () => {
    const cursor = cursorOf(fingerprintOf({ permission: "images.list" }), { key: "a", id: "img_1" });
    const none = [cursor, "srv_06f3", "", "x".repeat(41), Buffer.from("[1,2,3]").toString("base64url")];
    const half = Buffer.from(JSON.stringify([list, { toString: "x" }, "srv_1"])).toString("base64url");
    for (const strange of [...none, half]) expect(() => positionOf(list, strange)).toThrow(refused);
  });
});
