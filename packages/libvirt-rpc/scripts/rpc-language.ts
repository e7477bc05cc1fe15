/** A type as a declaration of the RPC language names it. */
export type TypeSyntax =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "nullable"; readonly of: TypeSyntax }
  | { readonly kind: "string"; readonly max: number }
  | { readonly kind: "opaque"; readonly max: number }
  | { readonly kind: "fixedOpaque"; readonly length: number }
  | { readonly kind: "array"; readonly of: TypeSyntax; readonly max: number }
  | { readonly kind: "fixedArray"; readonly of: TypeSyntax; readonly length: number };

export interface FieldSyntax {
  readonly name: string;
  readonly type: TypeSyntax;
}
export interface UnionSyntax {
  readonly discriminant: string;
  readonly arms: readonly { readonly value: number; readonly field: FieldSyntax }[];
}
export interface EnumMember {
  readonly name: string;
  readonly value: number;
  /** The annotations of the comment before it (`@priority: high`), by name. */
  readonly annotations: ReadonlyMap<string, string>;
}

/** What a `.x` file declares, in its order. */
export interface RpcDeclarations {
  readonly constants: ReadonlyMap<string, number>;
  readonly types: ReadonlyMap<string, TypeSyntax>;
  readonly structs: ReadonlyMap<string, readonly FieldSyntax[]>;
  readonly unions: ReadonlyMap<string, UnionSyntax>;
  readonly enums: ReadonlyMap<string, readonly EnumMember[]>;
}

/**
 * Reads the RPC language (RFC 4506 and RFC 5531) as far as libvirt uses it.
 *
 * @param text one or more `.x` files, one after the other
 * @param known numbers that the text takes from C headers
 */
export function parseRpcLanguage(text: string, known: ReadonlyMap<string, number>): RpcDeclarations {
  return new Parser(tokensOf(text), known).parse();
}

interface Token {
  readonly text: string;
  /** The block comment that stands right before it. */
  readonly comment: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let comment = "";
  const pattern = /\/\*[\s\S]*?\*\/|^[%#].*$|[A-Za-z_]\w*|-?0x[0-9a-fA-F]+|-?\d+|[{}[\]()<>;:,=*]/gm;
  for (const [match] of text.matchAll(pattern)) {
    if (match.startsWith("/*")) comment = match;
    else if (!/^[%#]/.test(match)) {
      tokens.push({ text: match, comment });
      comment = "";
    }
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #constants: Map<string, number>;
  readonly #types = new Map<string, TypeSyntax>();
  readonly #structs = new Map<string, readonly FieldSyntax[]>();
  readonly #unions = new Map<string, UnionSyntax>();
  readonly #enums = new Map<string, readonly EnumMember[]>();
  #at = 0;

  constructor(tokens: readonly Token[], known: ReadonlyMap<string, number>) {
    this.#tokens = tokens;
    this.#constants = new Map(known);
  }

  parse(): RpcDeclarations {
    while (this.#at < this.#tokens.length) this.#declaration();
    return {
      constants: this.#constants,
      types: this.#types,
      structs: this.#structs,
      unions: this.#unions,
      enums: this.#enums,
    };
  }

  #declaration(): void {
    const keyword = this.#next();
    if (keyword === "const") {
      const name = this.#next();
      this.#expect("=");
      this.#constants.set(name, this.#number());
    } else if (keyword === "typedef") {
      const { name, type } = this.#field();
      this.#types.set(name, type);
    } else if (keyword === "struct") {
      this.#structs.set(this.#next(), this.#fields());
    } else if (keyword === "enum") {
      this.#enums.set(this.#next(), this.#members());
    } else if (keyword === "union") {
      this.#unions.set(this.#next(), this.#union());
    } else {
      throw new SyntaxError(`${keyword} begins no declaration that this reader knows`);
    }
    this.#expect(";");
  }

  #fields(): FieldSyntax[] {
    const fields: FieldSyntax[] = [];
    this.#expect("{");
    while (!this.#accept("}")) {
      fields.push(this.#field());
      this.#expect(";");
    }
    return fields;
  }

  #union(): UnionSyntax {
    for (const word of ["switch", "("]) this.#expect(word);
    const { name: discriminant } = this.#field();
    for (const word of [")", "{"]) this.#expect(word);
    const arms: { value: number; field: FieldSyntax }[] = [];
    while (!this.#accept("}")) {
      this.#expect("case");
      const value = this.#number();
      this.#expect(":");
      arms.push({ value, field: this.#field() });
      this.#expect(";");
    }
    return { discriminant, arms };
  }

  #members(): EnumMember[] {
    const members: EnumMember[] = [];
    this.#expect("{");
    while (!this.#accept("}")) {
      const { text: name, comment } = this.#take();
      this.#expect("=");
      const value = this.#number();
      this.#constants.set(name, value);
      const annotations = new Map<string, string>();
      for (const [, key = "", rest = ""] of comment.matchAll(/@(\w+):\s*(\S+)/g)) annotations.set(key, rest);
      members.push({ name, value, annotations });
      this.#accept(",");
    }
    return members;
  }

  #field(): FieldSyntax {
    const base = this.#base();
    if (this.#accept("*")) return { name: this.#next(), type: { kind: "nullable", of: base } };
    const name = this.#next();
    if (this.#accept("<")) {
      const max = this.#peek() === ">" ? 0xffff_ffff : this.#number();
      this.#expect(">");
      if (isName(base, "string")) return { name, type: { kind: "string", max } };
      if (isName(base, "opaque")) return { name, type: { kind: "opaque", max } };
      return { name, type: { kind: "array", of: base, max } };
    }
    if (this.#accept("[")) {
      const length = this.#number();
      this.#expect("]");
      if (isName(base, "opaque")) return { name, type: { kind: "fixedOpaque", length } };
      return { name, type: { kind: "fixedArray", of: base, length } };
    }
    return { name, type: base };
  }

  /** The RPC language encodes every integer of up to 32 bits in four bytes. */
  #base(): TypeSyntax {
    const unsigned = this.#accept("unsigned");
    const word = unsigned && !/^(int|hyper|char|short)$/.test(this.#peek()) ? "int" : this.#next();
    const short = word === "char" || word === "short" ? "int" : word;
    return { kind: "name", name: unsigned ? `unsigned ${short}` : short };
  }

  #number(): number {
    const word = this.#next();
    const value = /^-?\d/.test(word) ? Number(word) : this.#constants.get(word);
    if (value === undefined) throw new SyntaxError(`the number ${word} is not known`);
    return value;
  }

  #peek(): string {
    return this.#tokens[this.#at]?.text ?? "";
  }

  #take(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError("the text ends inside a declaration");
    this.#at += 1;
    return token;
  }

  #next(): string {
    return this.#take().text;
  }

  #accept(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    const found = this.#next();
    if (found !== text) throw new SyntaxError(`${found} stands where ${text} should`);
  }
}

const isName = (type: TypeSyntax, name: string): boolean => type.kind === "name" && type.name === name;
