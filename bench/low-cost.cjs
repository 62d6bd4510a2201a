/**
 * Loaded before the server by `--require`. A hash of argon2's lowest cost would be made anew, at the server's own cost, by
 * the first login of its person: then `code_flow` would measure argon2 and nothing else.
 */
require('argon2').needsRehash = () => false
