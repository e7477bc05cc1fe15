/** knex would write to the console; what goes wrong reaches the caller as an error anyhow. */
export const silentKnex = { warn() {}, error() {}, deprecate() {}, debug() {} };
