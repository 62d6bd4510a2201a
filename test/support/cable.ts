import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** The wire between a server and its database, which a test can cut or choke. */
export type Cable = {
  readonly url: string
  /** Every connection ends, and none is accepted. */
  cut(): Promise<void>
  /** Connections stay, and nothing passes any more. */
  choke(): void
  mend(): Promise<void>
}

export const aCable = async (t: Test, databaseUrl: string): Promise<Cable> => {
  const target = new URL(databaseUrl)
  const ends = new Set<Socket>()
  let choked = false
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from)
      from.on('data', (bytes) => {
        if (!choked) to.write(bytes)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        ends.delete(from)
        to.destroy()
      })
    }
  })
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const end of ends) end.destroy()
    })
  const port = await listen(0)
  t.teardown(() => (server.listening ? close() : undefined))

  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    cut: close,
    choke: () => {
      choked = true
    },
    async mend() {
      for (const end of ends) end.destroy()
      choked = false
      if (!server.listening) await listen(port)
    },
  }
}
