import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../test/support/free-port.mjs'

const ours = fileURLToPath(new URL('../dist/start.cjs', import.meta.url))

const statusOf = (url) =>
  new Promise((resolve) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    })
    request.on('error', () => resolve(0))
  })

/**
 * A server as a process of its own, and the milliseconds until it answered for the first time.
 *
 * @param env beside the address; nothing of this process's environment but PATH
 * @param flags of Node, for a profile
 * @param entry of another server than ours
 */
export const startServer = async ({ env = {}, flags = [], entry = ours } = {}) => {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const address = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: origin,
    TRUST_PROXY: '127.0.0.1',
  }
  const start = performance.now()
  const child = spawn(process.execPath, [...flags, entry], {
    env: { ...address, NODE_ENV: 'production', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  while ((await statusOf(`${origin}/.well-known/openid-configuration`)) !== 200) {
    if (child.exitCode !== null || performance.now() - start > 60_000) {
      child.kill('SIGKILL')
      throw new Error('the server does not come up')
    }
    await sleep(2)
  }
  const startMs = performance.now() - start
  return {
    origin,
    pid: child.pid,
    startMs,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}
