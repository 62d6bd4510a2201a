#!/usr/bin/env node
import { readConfig } from '../config.ts'
import { openConfigured } from './database.ts'
import { runCli } from './run.ts'

// `exit` would cut off what a pipe has not taken yet: the process ends by itself when everything is closed.
process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  config: readConfig,
  open: openConfigured,
})
