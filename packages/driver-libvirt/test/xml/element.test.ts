import * as fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { element, escapeXml, renderXml, textElement } from "../../src/xml/element.ts";

describe("renderXml", () => {
  it("writes elements, attributes and text", () => {
    const xml = renderXml(element("a", { b: 1, c: undefined }, textElement("d", "e"), element("f"), undefined));
    expect(xml).toBe('<a b="1"><d>e</d><f/></a>');
  });

  it("makes text of whatever text there is", () => {
    expect(renderXml(element("a", { b: `"'<` }, "</a><evil/>&amp;"))).toBe(
      '<a b="&quot;&apos;&lt;">&lt;/a&gt;&lt;evil/&gt;&amp;amp;</a>',
    );
  });

  it("replaces what XML cannot say, and keeps line ends", () => {
    expect(escapeXml("a\0b\ud800c\uffff")).toBe("a\ufffdb\ufffdc\ufffd");
    expect(escapeXml("a\tb\nc\r")).toBe("a&#9;b&#10;c&#13;");
    expect(escapeXml("é 😀")).toBe("é 😀");
  });

  it("comes back as it was, with no element that was not written", () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      trimValues: false,
      parseTagValue: false,
      htmlEntities: true,
    });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "/", "=", "a", " ", "]", "-", "!", "?", "é") }),
        (text) => {
          const parsed = parser.parse(renderXml(element("root", { "@of": text }, textElement("child", text)))) as {
            root: { child: string; "@_@of": string };
          };
          expect(Object.keys(parsed.root).toSorted()).toEqual(["@_@of", "child"]);
          expect([parsed.root.child, parsed.root["@_@of"]]).toEqual([text, text]);
        },
      ),
    );
  });
});
