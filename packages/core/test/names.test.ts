import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Name, NameOrId } from "../src/names.ts";

const metacharacters = Array.from("$`\\\"'<>&|;*?[](){}!#~ \t\n\r\0/:=%^,+@é\u202e");

describe("a name", () => {
  it.each(["a", "web-1", "c2.e4", "Debian_12", "0", "x".repeat(63)])("is %s", (name) => {
    expect(Name.safeParse(name).success).toBe(true);
    expect(NameOrId.safeParse(name).success).toBe(true);
  });

  it.each(["", "x".repeat(64), "-a", ".a", "..", "_a", "a/b", "$(reboot)", "<domain/>", "a;b", 1, null])(
    "is not %o",
    (name) => expect(Name.safeParse(name).success).toBe(false),
  );

  it("has nothing in it that means something to a shell, to XML, to a path or to DNS", () => {
    const anywhere = fc.tuple(fc.string(), fc.constantFrom(...metacharacters), fc.string());
    fc.assert(
      fc.property(anywhere, (parts) => {
        expect(Name.safeParse(parts.join("")).success).toBe(false);
        expect(NameOrId.safeParse(parts.join("")).success).toBe(false);
      }),
    );
  });
});
