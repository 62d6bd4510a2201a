import type { Test } from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import type { Issued } from './client-certificates.ts'
import type { TlsServer } from './tls-server.ts'

type Sent = { readonly method?: string; readonly headers: Record<string, string>; readonly body?: unknown }

/** What libraries take in place of `fetch`: with a certificate of the client on each connection (RFC 8705). */
export const certifiedFetch = (
  t: Test,
  { certificate: { ca } }: TlsServer,
  { pem: cert, key }: Pick<Issued, 'pem' | 'key'>,
): ((url: string, sent: Sent) => Promise<Response>) => {
  const dispatcher = new Agent({ connect: { ca, cert, key } })
  t.teardown(() => dispatcher.close())
  return async (url, { method = 'GET', headers, body }) => {
    const form = body instanceof URLSearchParams ? { body: body.toString() } : {}
    const answer = await fetchBy(url, { method, headers, dispatcher, redirect: 'manual', ...form })
    return new Response(await answer.text(), { status: answer.status, headers: [...answer.headers] })
  }
}
