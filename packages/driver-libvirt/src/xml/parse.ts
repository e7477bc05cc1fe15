import { XMLParser } from "fast-xml-parser";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  // One child and many look alike.
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

/**
 * A parsed element, to be walked with {@link XmlNode.all} and {@link XmlNode.one}: what libvirt leaves out is simply
 * not there.
 */
export class XmlNode {
  readonly #value: unknown;

  private constructor(value: unknown) {
    this.#value = value;
  }

  /** The document; its root is a child. */
  static parse(xml: string): XmlNode {
    return new XmlNode(parser.parse(xml));
  }

  /** Every element at this path of names. */
  all(...path: readonly string[]): XmlNode[] {
    const [name, ...rest] = path;
    if (name === undefined) return [this];
    const children = this.#property(name);
    const nodes = Array.isArray(children) ? children.map((child: unknown) => new XmlNode(child)) : [];
    return nodes.flatMap((node) => node.all(...rest));
  }

  /** The first element at this path, or an empty one. */
  one(...path: readonly string[]): XmlNode {
    return this.all(...path)[0] ?? new XmlNode(undefined);
  }

  /** Every element right below this one. */
  children(): XmlNode[] {
    const names = typeof this.#value === "object" && this.#value !== null ? Object.keys(this.#value) : [];
    return names.flatMap((name) => this.all(name));
  }

  attribute(name: string): string | undefined {
    const value = this.#property(`@${name}`);
    return typeof value === "string" ? value : undefined;
  }

  get text(): string | undefined {
    const value = typeof this.#value === "string" ? this.#value : this.#property("#text");
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  #property(name: string): unknown {
    return typeof this.#value === "object" && this.#value !== null
      ? (this.#value as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }
}
