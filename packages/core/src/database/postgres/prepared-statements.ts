/** What of a connection statements are prepared on. */
export interface Preparing {
  parse(statement: { readonly name: string; readonly text: string }): void;
  close(what: { readonly type: "S"; readonly name: string }): void;
}

/** So many stay prepared on a connection: more than there are, lists of any length aside. */
const most = 500;

/** The statements that one connection has prepared: the server parses and plans each once. */
export class PreparedStatements {
  /** Names by text. */
  readonly #names = new Map<string, string>();
  #last = 0;

  /** The name of the statement of this text, which is prepared under it if it was not. */
  name(connection: Preparing, text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    for (const [oldest, name] of this.#names) {
      if (this.#names.size < most) break;
      this.#names.delete(oldest);
      connection.close({ type: "S", name });
    }
    const name = `cloudhost_${(this.#last += 1)}`;
    this.#names.set(text, name);
    connection.parse({ name, text });
    return name;
  }

  /** Whether these were prepared is unknown: they failed, or were skipped behind one that did. */
  forget(connection: Preparing, texts: readonly string[]): void {
    for (const text of texts) {
      const name = this.#names.get(text);
      if (name === undefined) continue;
      this.#names.delete(text);
      // No error where there is none of this name.
      connection.close({ type: "S", name });
    }
  }
}
