/** An XML element, to be written by {@link renderXml}. Attributes and children that are `undefined` are left out. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly (Element | string)[];
}

/** An element. Text and attribute values are escaped when it is written, whatever they are. */
export const element = (
  name: string,
  attributes: Element["attributes"] = {},
  ...children: readonly (Element | string | undefined)[]
): Element => ({ name, attributes, children: children.filter((child) => child !== undefined) });

/** An element with nothing but text in it. */
export const textElement = (name: string, text: string | number): Element => element(name, {}, String(text));

/** The text of an element. What XML cannot say at all, such as a NUL, becomes U+FFFD. */
export function renderXml({ name, attributes, children }: Element): string {
  const rendered = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join("");
  if (children.length === 0) return `<${name}${rendered}/>`;
  const content = children.map((child) => (typeof child === "string" ? escapeXml(child) : renderXml(child)));
  return `<${name}${rendered}>${content.join("")}</${name}>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** All that XML 1.0 has no way to say: control characters and halves of pairs among it. */
const unsayable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Text as it may stand in an element or an attribute. Tabs and line ends are written so that they come back. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll(unsayable, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? "")
    .replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
