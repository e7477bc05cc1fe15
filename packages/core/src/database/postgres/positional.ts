const known = new Map<string, string>();

/** `?` as PostgreSQL has it: `$1`, `$2`, …; those inside quoted strings and names are left. */
export function positional(sql: string): string {
  let text = known.get(sql);
  if (text === undefined) {
    let count = 0;
    text = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (found) => (found === "?" ? `$${++count}` : found));
    if (known.size > 2000) known.clear();
    known.set(sql, text);
  }
  return text;
}
