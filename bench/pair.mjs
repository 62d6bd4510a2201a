import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../test/support/free-port.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Two server processes of one issuer on one PostgreSQL: that of DATABASE_URL, or the embedded one in a directory of its
 * own.
 *
 * @param program the arguments of Node that start one
 */
export const startPair = async ({ program = ['dist/start.cjs'] } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-pair-'))
  // As root, PostgreSQL runs as another account, which has to pass through.
  await chmod(directory, 0o711)
  let embedded
  if (!process.env.DATABASE_URL) {
    const { startEmbedded } = await import('../dist/storage/embedded.js')
    embedded = await startEmbedded({ dataDir: join(directory, 'data'), log: { info() {} } })
  }
  const url = process.env.DATABASE_URL || embedded.url
  const ports = [await freePort(), await freePort()]
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    ISSUER: `http://127.0.0.1:${ports[0]}`,
    HOST: '127.0.0.1',
    KEYS_DIR: join(directory, 'keys'),
    LOG_LEVEL: 'fatal',
    DATABASE_URL: url,
  }
  const children = []

  const start = async (index) => {
    const child = spawn(process.execPath, program, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...env, PORT: String(ports[index]) },
    })
    children[index] = child
    for (let attempt = 0; attempt < 2400; attempt++) {
      const ready = await fetch(`http://127.0.0.1:${ports[index]}/health/ready`).catch(() => undefined)
      await ready?.arrayBuffer().catch(() => undefined)
      if (ready?.status === 200) return
      if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode}`)
      await sleep(50)
    }
    throw new Error('a server did not become ready')
  }
  const end = async (index, signal) => {
    const child = children[index]
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const stop = async () => {
    await Promise.all([end(0, 'SIGTERM'), end(1, 'SIGTERM')])
    await embedded?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    // The first makes the keys that both share.
    await start(0)
    await start(1)
  } catch (error) {
    await stop()
    throw error
  }
  return { ports, url, start, kill: (index) => end(index, 'SIGKILL'), stop }
}
