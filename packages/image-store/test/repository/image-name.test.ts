import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ImageName, nameOfSegment, segmentOfName } from "../../src/repository/image-name.ts";

const letters = "ABCXYZabcxyz0189._-".split("");
const names = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 128 })
  .map((parts) => parts.join(""))
  .filter((name) => !name.startsWith("."));

describe("a name as a key", () => {
  it("comes back as it was, capitals too", () => {
    fc.assert(fc.property(names, (name) => nameOfSegment(segmentOfName(name)) === name));
  });

  it("needs no capitals, and is no longer than file names may be", () => {
    fc.assert(fc.property(names, (name) => /^[a-z0-9_-][a-z0-9._-]{0,199}$/.test(segmentOfName(name))));
  });

  it("is legible", () => {
    expect(segmentOfName("Debian-12")).toBe("debian-12.1");
    expect(segmentOfName("debian-12")).toBe("debian-12.0");
  });

  it("comes from no other segment", () => {
    const strangers = ["debian", "debian.", "debian.00", "Debian.0", "debian.zz", "1.1", "a/b.0"];
    expect(strangers.map(nameOfSegment)).toEqual(strangers.map(() => undefined));
  });

  it("is refused when it is none", () => {
    const bad = ["", ".a", "a/b", "a b", "ä", "x".repeat(129)];
    expect(bad.filter((name) => ImageName.safeParse(name).success)).toEqual([]);
  });
});
