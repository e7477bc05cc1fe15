/** What PostgreSQL answers to a division by zero: a guard did not hold. */
export const guardFailedCode = "22012";

const known = new Map<string, string>();

/**
 * A statement that fails where it does not change so many rows. The database checks the guard by itself, so that what
 * follows need not wait until the caller has done so. Its rows are given as before.
 */
export function expecting(sql: string, rows: number): string {
  const key = `${rows} ${sql}`;
  let text = known.get(key);
  if (text === undefined) {
    const held = `1 / ((SELECT count(*) FROM changed) = ${rows})::int`;
    const givesRows = /^\s*select\b/i.test(sql) || /\breturning\b/i.test(sql);
    text = givesRows
      ? `WITH changed AS (${sql}) SELECT * FROM changed WHERE ${held} = 1`
      : `WITH changed AS (${sql} RETURNING 1) SELECT 1 WHERE ${held} = 0`;
    if (known.size > 2000) known.clear();
    known.set(key, text);
  }
  return text;
}
