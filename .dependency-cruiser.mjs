// The import rules, where dependency-cruiser looks for them.
export { configuration as default } from "./scripts/import-rules.ts";
