'use strict'
const { existsSync } = require('node:fs')
const Module = require('node:module')
const { join, relative } = require('node:path')
const { pathToFileURL } = require('node:url')
const { setFlagsFromString } = require('node:v8')

/**
 * Required before a test file: its bundle runs in its place, or the file itself by way of tsx where there is none. That is
 * done here and not by a hook of the module loader, which would be a thread more, and as slow to start as the rest.
 */
const root = join(__dirname, '../..')
const file = process.argv[1] ?? ''
const bundle = join(root, '.tap/bundles', String(process.ppid), relative(root, file).replace(/\.tsx?$/, '.mjs'))

/** Tap's own hook would be such a thread as well: it collects what coverage is made of, for which nobody asks. */
const { register } = Module
Module.register = () => {}

const run = async () => {
  if (existsSync(bundle)) return import(pathToFileURL(bundle).href)
  Module.register = register
  await import('tsx')
  return import(pathToFileURL(file).href)
}

Module.runMain = async () => {
  let isLoaded = false
  process.once('exit', (code) => {
    // As node has it where nothing is left to do, and the file still waits for something.
    if (!isLoaded && code === 0) process.exitCode = 13
  })
  await run()
  isLoaded = true
}

// A test's process lives for seconds: what pays in a server's life is not made up for in its own. Node 22 has no such flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=2000000')
