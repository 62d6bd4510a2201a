#!/usr/bin/env node
import { readConfig } from '../config.ts'
import { openConfigured } from './database.ts'
import { runCli } from './run.ts'

// Whoever reads may stop before the end, as `head` does: that is no failure of the command.
process.stdout.on('error', (error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
})

// `exit` would cut off what a pipe has not taken yet: the process ends by itself when everything is closed.
process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  config: readConfig,
  open: openConfigured,
})
