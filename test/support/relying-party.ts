import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Test } from 'tap'

export type Heard = {
  readonly method: string
  readonly path: string
  readonly type: string | undefined
  readonly parameters: URLSearchParams
}

/** An app that is told of logouts: what it heard, and what it answers. */
export type Ear = {
  readonly heard: Heard[]
  readonly listener: RequestListener
  /** Resolves when so many have come. */
  until(count: number): Promise<void>
}

/** @param answer the status, or undefined to leave the caller without any */
export const anEar = (answer: (nth: number) => number | undefined = () => 200): Ear => {
  const heard: Heard[] = []
  const waiting: { readonly count: number; readonly go: () => void }[] = []
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
    const { method = '', headers } = request
    const parameters = method === 'POST' ? new URLSearchParams(body) : searchParams
    heard.push({ method, path: pathname, type: headers['content-type'], parameters })
    const status = answer(heard.length)
    if (status !== undefined) response.writeHead(status, { 'cache-control': 'no-store' }).end()
    for (const { count, go } of waiting) if (heard.length >= count) go()
  }
  return {
    heard,
    listener: (request, response) => void hear(request, response),
    until: (count) => (heard.length >= count ? Promise.resolve() : new Promise((go) => waiting.push({ count, go }))),
  }
}

/** The ear at an address of its own on this machine. */
export const anAddress = async (t: Test, { listener }: Ear): Promise<string> => {
  const site = createServer(listener)
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    site.closeAllConnections()
    site.close()
  })
  const address = site.address()
  if (typeof address !== 'object' || !address) throw new Error('the site has no port')
  return `http://127.0.0.1:${address.port}`
}
