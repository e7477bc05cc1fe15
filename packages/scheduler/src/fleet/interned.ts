/** One copy of values that many hosts have: texts, and small objects of texts. Nobody can change them. */
export class Interned {
  readonly #texts = new Map<string, string>();
  readonly #objects = new Map<string, object>();

  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  object<T extends object>(object: T): Readonly<T> {
    const key = JSON.stringify(object);
    let known = this.#objects.get(key) as T | undefined;
    if (known === undefined) {
      known = frozen(JSON.parse(key) as T);
      this.#objects.set(key, known);
    }
    return known;
  }
}

function frozen<T extends object>(object: T): T {
  for (const value of Object.values(object)) if (typeof value === "object" && value !== null) frozen(value as object);
  return Object.freeze(object);
}
