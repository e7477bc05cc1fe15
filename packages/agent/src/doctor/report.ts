import type { Finding } from "./finding.ts";

/** Findings as lines for people: what is wrong with its remedy below it, and at the end what to make of it. */
export function reportOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat("problem  ".length + width + 2);
  const lines = findings.map(({ check, level, found, remedy }) => {
    const line = `${level.padEnd(9)}${check.padEnd(width)}  ${found}`;
    return remedy === null ? line : `${line}\n${indent}→ ${remedy}`;
  });
  return [...lines, "", conclusionOf(findings)].join("\n");
}

function conclusionOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding["level"]): number => findings.filter(({ level }) => level === wanted).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems > 0)
    return `Guests cannot run here yet: ${counted(problems, "problem")}, ${counted(warnings, "warning")}.`;
  if (warnings > 0) return `Guests can run here. ${counted(warnings, "warning")}.`;
  return "Guests can run here.";
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
