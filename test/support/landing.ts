import { createServer } from 'node:http'
import type { Test } from 'tap'

export type Arrival = {
  readonly method: string
  readonly path: string
  readonly parameters: URLSearchParams
  readonly referrer: string | undefined
}

/** Where an app gets its people back: a site of its own, at another origin than the server's. */
export type Landing = {
  readonly origin: string
  readonly redirectUri: string
  /** Everybody who came, in order. */
  readonly arrivals: readonly Arrival[]
  last(): Arrival
}

export const aLanding = async (t: Test): Promise<Landing> => {
  const arrivals: Arrival[] = []
  const site = createServer(async (request, response) => {
    const { method = '', url = '/', headers } = request
    const { pathname, searchParams } = new URL(url, 'http://site')
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const parameters = method === 'POST' ? new URLSearchParams(body) : searchParams
    arrivals.push({ method, path: pathname, parameters, referrer: headers.referer })
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end('<!doctype html><html lang="en"><title>The app</title><h1>Landed</h1>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    site.closeAllConnections()
    site.close()
  })
  const address = site.address()
  if (typeof address !== 'object' || !address) throw new Error('the site has no port')
  const origin = `http://127.0.0.1:${address.port}`
  return {
    origin,
    redirectUri: `${origin}/cb`,
    arrivals,
    last() {
      const arrival = arrivals.at(-1)
      if (!arrival) throw new Error('nobody came')
      return arrival
    },
  }
}
