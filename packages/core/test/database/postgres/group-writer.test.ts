import { expect, it } from "vitest";
import { GroupWriter } from "../../../src/database/postgres/group-writer.ts";
import type { PipelineOutcome } from "../../../src/database/postgres/pipeline.ts";
import { statement } from "../../../src/database/script.ts";
import type { Statement } from "../../../src/database/script.ts";

const saidByServer = (code: string): Error => Object.assign(new Error(code), { code, severity: "ERROR" });

/** A writer to a server that refuses statements named so, and the transactions that it was sent, a letter a statement. */
function fixture(refuses: Readonly<Record<string, Error>> = {}) {
  const transactions: string[] = [];
  const run = async (statements: readonly Statement[]): Promise<PipelineOutcome> => {
    transactions.push(statements.flatMap(({ sql }) => (sql.length === 1 ? [sql] : [])).join(""));
    await new Promise((resolve) => setImmediate(resolve));
    const index = statements.findIndex(({ sql }) => refuses[sql] !== undefined);
    const error = refuses[statements[index]?.sql ?? ""];
    if (error !== undefined) return { failure: { error, statement: index } };
    return { rows: statements.map(({ sql }) => [{ sql }]) };
  };
  const writer = new GroupWriter(run);
  const write = (...letters: readonly string[]) => writer.write(letters.map((letter) => statement(letter)));
  return { transactions, write };
}
const rowsOf = (...letters: readonly string[]) => ({ rows: letters.map((sql) => [{ sql }]) });

it("commits what waits together, and gives each caller the rows of its own statements", async () => {
  const { transactions, write } = fixture();
  const outcomes = await Promise.all([write("a", "b"), write("c"), write("d", "e")]);
  expect(outcomes).toEqual([rowsOf("a", "b"), rowsOf("c"), rowsOf("d", "e")]);
  expect(transactions).toEqual(["abcde"]);
});

it("runs each of a group by itself when one fails, and tells its caller what is wrong with it alone", async () => {
  const error = saidByServer("23505");
  const { transactions, write } = fixture({ d: error });
  const outcomes = await Promise.all([write("a"), write("b"), write("c", "d"), write("e")]);
  expect(outcomes).toEqual([rowsOf("a"), rowsOf("b"), { failure: { error, statement: 1 } }, rowsOf("e")]);
  expect(transactions).toEqual(["abcde", "a", "b", "cd", "e"]);
});

it("asks no second time for one alone, unless it only waited for too long", async () => {
  const error = saidByServer("23505");
  const refused = fixture({ b: error });
  expect(await refused.write("a", "b")).toEqual({ failure: { error, statement: 1 } });
  expect(refused.transactions).toEqual(["ab"]);
  const waited = fixture({ a: saidByServer("55P03") });
  await waited.write("a");
  expect(waited.transactions).toEqual(["a", "a"]);
});

it("tells all of a group when the connection is gone", async () => {
  const error = new Error("Connection terminated unexpectedly");
  const { transactions, write } = fixture({ a: error });
  const outcomes = await Promise.all([write("a"), write("b")]);
  expect(outcomes.map(({ failure }) => failure?.error)).toEqual([error, error]);
  expect(transactions).toEqual(["ab"]);
});

it("rejects what waits when there is no connection, and goes on afterwards", async () => {
  const reasons = [new Error("no connection")];
  const writer = new GroupWriter(async (statements) => {
    const reason = reasons.pop();
    if (reason !== undefined) throw reason;
    return { rows: statements.map(() => []) };
  });
  await expect(writer.write([statement("a")])).rejects.toThrow("no connection");
  expect(await writer.write([statement("b")])).toEqual({ rows: [[]] });
});
