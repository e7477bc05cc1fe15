/**
 * The numbers that C headers give names to, in enums and by `#define`. Expressions may use what was named before;
 * what is no integer is passed over.
 */
export function parseCConstants(headers: readonly string[]): Map<string, number> {
  const constants = new Map<string, number>();
  for (const header of headers) {
    const text = header.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll("\\\n", " ");
    const pattern = /enum\s*\w*\s*\{([\s\S]*?)\}|^[ \t]*#[ \t]*define[ \t]+(VIR_\w+)[ \t]+(.+)$/gm;
    for (const [, members, name, value] of text.matchAll(pattern)) {
      if (members !== undefined) readEnum(members, constants);
      else if (name !== undefined && value !== undefined) set(constants, name, evaluate(value, constants));
    }
  }
  return constants;
}

function readEnum(members: string, constants: Map<string, number>): void {
  let next: number | undefined = 0;
  const lines = members.replaceAll(/^\s*#.*$/gm, "").split(",");
  for (const line of lines) {
    const match = /^\s*(\w+)\s*(?:=\s*([\s\S]+?))?\s*$/.exec(line);
    if (match?.[1] === undefined) continue;
    next = match[2] === undefined ? next : evaluate(match[2], constants);
    set(constants, match[1], next);
    next = next === undefined ? undefined : next + 1;
  }
}

function set(constants: Map<string, number>, name: string, value: number | undefined): void {
  if (value !== undefined && Number.isSafeInteger(value)) constants.set(name, value);
}

/** Sums, shifts and alternatives of numbers and names, from left to right, which is how the headers bracket them. */
function evaluate(expression: string, constants: ReadonlyMap<string, number>): number | undefined {
  const tokens = expression.match(/\w+|<<|[|+()-]|\S/g) ?? [];
  let at = 0;
  const term = (): number | undefined => {
    const token = tokens[at++];
    if (token === "(") {
      const inner = sum();
      return tokens[at++] === ")" ? inner : undefined;
    }
    if (token === "-") {
      const value = term();
      return value === undefined ? undefined : -value;
    }
    if (token === undefined) return undefined;
    if (/^\d/.test(token)) {
      const value = Number(token.replace(/[uUlL]+$/, ""));
      return Number.isNaN(value) ? undefined : value;
    }
    return constants.get(token);
  };
  const sum = (): number | undefined => {
    let value = term();
    while (at < tokens.length && tokens[at] !== ")") {
      const operator = tokens[at++];
      const right = term();
      if (value === undefined || right === undefined) return undefined;
      if (operator === "<<") value *= 2 ** right;
      else if (operator === "|") value = Number(BigInt(value) | BigInt(right));
      else if (operator === "+") value += right;
      else if (operator === "-") value -= right;
      else return undefined;
    }
    return value;
  };
  const value = sum();
  return at >= tokens.length ? value : undefined;
}
